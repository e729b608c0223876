"""The demo's longest ways: a reporter's no, one hop over a hub, and a confirmation that is late.

A fourth organisation comes in. It knows only Riverside, which passes on what its authors marked for
that, and no more than its own policy lets out.
"""

from functools import partial
from typing import Any

from cli.demo_cast import Story
from cli.demo_node import Json, Organisation, need, waited
from cli.demo_setup import introduce
from cli.show import words

OFF, ON = 'onward = "off"', 'onward = "on"'
PATIENCE = "overdue_minutes = 1440", "overdue_minutes = 0"
TOLD = "He took the money back by force and ran."
NUMBER_HELD = "+44 7700 900155"
PASSED = (
    "--set", "codes=TH", "--set", "region=NZ-AUK", "--set", "city=Auckland", "--set", "phone=-",
    "--set", "text=-",
)  # fmt: skip
REPORTED = (
    "--set", "codes=RB", "--set", "region=NZ-AUK", "--set", "city=Auckland", "--set", "text=-",
)  # fmt: skip


def change_of_mind(story: Story) -> Json:
    """A reporter allows peers to be warned, and takes it back with the six words that she got."""
    harbour, screen = story.harbour, story.screen
    made = harbour.ask("draft", "new", "--consent", "members,peers,print", *REPORTED, stdin=TOLD)
    (alert,) = harbour.ask("draft", "publish", made["id"])["published"]
    for each in story.others(harbour):
        shown = each.until(alert, _is_live, "what she allowed")
        need(shown["fields"]["terms"], "her terms to travel with it")
    screen.say(
        "She tells Harbour Collective, allows members, peers and print, and gets a receipt of six"
        " words, which nobody can find again. Both peers have her alert, with what they may do"
        " with it. Then she thinks better of it:"
    )
    screen.command("parasol receipt consent --no peers      (her words from standard input)")
    harbour.ask("receipt", "consent", "--no", "peers", stdin=made["receipt"])
    for each in story.others(harbour):
        each.until(alert, lambda shown: not _is_live(shown), "her no")
    need(_is_live(harbour.show(alert)), "her own organisation to keep it")
    rows = waited(partial(_all_gone, harbour, made["receipt"]), "both to confirm her no")
    screen.table(
        ["peer", "told", "state"], [(row["peer"], row["what"], row["state"]) for row in rows]
    )
    screen.good("what she sees with her words: nobody shows it any more, and both have said so")
    return {"consent": "peers withdrawn", "peers": [row["state"] for row in rows]}


def _is_live(shown: Json) -> bool:
    return bool(shown and shown["status"] == "live")


def _all_gone(origin: Organisation, code: str) -> list[Json]:
    rows: list[Json] = origin.ask("receipt", "show", stdin=code)["peers"]
    return rows if all(row["state"] in {"recalled", "confirmed"} for row in rows) else []


def over_a_hub(story: Story) -> Json:
    """Lakeside knows Riverside alone, and gets from it what Harbour lets be passed on."""
    harbour, riverside, lakeside, screen = (
        story.harbour, story.riverside, story.lakeside, story.screen,
    )  # fmt: skip
    made = harbour.ask("draft", "new", *PASSED, stdin=f"{NUMBER_HELD}\n{TOLD}")
    (alert,) = harbour.ask("draft", "publish", made["id"])["published"]
    story.passed = alert
    riverside.until(alert, _is_live, "another alert of Harbour")
    lakeside.init()
    lakeside.serve()
    story.joined.append(lakeside)
    introduce(screen, riverside, lakeside)
    need(not lakeside.show(alert), "Lakeside to have nothing of Harbour before it may be passed on")
    for each in (harbour, riverside):
        _edit(each, "policy.toml", OFF, ON)
        each.ask("policy", "apply")
    shown = lakeside.until(alert, _is_live, "Harbour's alert over Riverside")
    need(shown["via"] == [riverside.name], "Lakeside to say over whom it came")
    need(shown["signature"] == "verified", "Harbour's own signature to verify at Lakeside")
    here, there = riverside.show(alert)["fields"], shown["fields"]
    need(set(there) <= set(here), "the hub to pass on nothing that it has not")
    need(all(here[name] == there[name] for name in there), "the hub to change nothing")
    names = sorted(set(here) - {"terms"})
    screen.say(
        f"{lakeside.name} joins, and compares codes with {riverside.name} alone. Harbour and"
        f" Riverside set {ON} and apply it; Harbour's alerts are signed again with the names that"
        " may go one hop further. A hub carries nothing out of its author's country: Lakeside is in"
        " Harbour's. The same alert at the hub and beyond it:"
    )
    screen.table(
        ["field", riverside.name, f"{lakeside.name} (via {words(shown['via'])})"],
        [(name, _cell(here[name]), _cell(there.get(name))) for name in names],
        narrow=(1, 2),
    )
    screen.good(f"signed by {harbour.name}, verified at {lakeside.name}, which never met it")
    return {"via": shown["via"], "at_hub": len(here), "beyond": len(there)}


def late_confirmation(story: Story) -> Json:
    """Lakeside goes away, and what it has not confirmed stands on the board until it is back."""
    harbour, riverside, lakeside, screen = (
        story.harbour, story.riverside, story.lakeside, story.screen,
    )  # fmt: skip
    alert = story.passed
    riverside.stop()
    _edit(riverside, "settings.toml", *PATIENCE)
    riverside.serve()
    lakeside.stop()
    harbour.ask("alert", "withdraw", alert, "--reason", "-", stdin="It was somebody else.")
    row = waited(partial(_late, riverside, lakeside), "Lakeside to be late")
    status = riverside.ask("status")
    (late,) = [peer for peer in status["peers"] if peer["name"] == lakeside.name]
    need(late["overdue"] > 0, "the overdue confirmation to stand in status")
    need(lakeside.name in words(status["warnings"]), "status to say whom to call")
    screen.say(
        f"{lakeside.name} is offline. Harbour withdraws the alert, and its hub passes that on."
        " (Riverside's keeper has set overdue_minutes = 0 for this; a day is the usual patience.)"
    )
    screen.table(["of", "what", "peer", "state"],
                 [(harbour.name, row["what"], row["peer_name"], row["state"])])  # fmt: skip
    screen.say(words([each for each in status["warnings"] if lakeside.name in each]))
    lakeside.serve()
    lakeside.until(alert, lambda shown: shown["status"] == "withdrawn", "the withdrawal")
    waited(lambda: not _late(riverside, lakeside), "Lakeside to confirm")
    screen.good(f"{lakeside.name} is back: it has withdrawn the alert, and confirmed that")
    return {"late": lakeside.name, "state": row["state"], "then": "confirmed"}


def _cell(value: Any) -> str:
    return words(value) if value is not None else ""


def _late(hub: Organisation, leaf: Organisation) -> Json:
    rows = hub.ask("alert", "coverage")["coverage"]
    found = [row for row in rows if row["peer_name"] == leaf.name and row["state"] == "overdue"]
    return found[0] if found else {}


def _edit(node: Organisation, file: str, old: str, new: str) -> None:
    """Change one line of a file as the keeper would."""
    path = node.home / file
    text = path.read_text("utf-8")
    need(old in text, f"{file} of {node.name} to say {old}")
    path.write_text(text.replace(old, new), "utf-8")
