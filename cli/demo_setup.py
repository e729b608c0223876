"""The demo's first four steps: three nodes, their lists, what they publish, and how they meet."""

from functools import partial
from pathlib import Path
from typing import Any

from cli.demo_cast import Story
from cli.demo_node import Json, Organisation, at_once, need, waited
from cli.demo_screen import Screen
from cli.exits import PEER
from cli.show import words

LISTS = Path(__file__).with_name("demo_lists")
WRITTEN = "2025-05-12"  # the day that the lists were written: their "last week" counts from it
DOUBTS_SHOWN = 3


def set_up(story: Story) -> Json:
    """Three nodes, each a process of its own with a store and a passphrase of its own."""
    at_once(*(each.init for each in story.everyone))
    at_once(*(each.serve for each in story.everyone))
    rows = [
        (each.name, each.part.region, each.part.preset, f"127.0.0.1:{each.port}", each.org[:12])
        for each in story.everyone
    ]
    story.screen.table(["organisation", "region", "policy preset", "listens on", "id"], rows)
    story.screen.say(
        "Three processes, three encrypted stores, three passphrases. The words that can recover"
        " an organisation were written to files of their own, to be moved off the machine."
    )
    for each in story.everyone:
        with (each.home / "store.db").open("rb") as store:
            need(store.read(6) != b"SQLite", f"the store of {each.name} to be encrypted")
    story.screen.good("no store begins as a plain database does: each is encrypted")
    return {each.name: {"org": each.org, "region": each.part.region} for each in story.everyone}


def import_lists(story: Story) -> Json:
    """Each list becomes drafts; what was not certain is said row by row."""
    reports = at_once(
        *(
            partial(each.ask, "import", str(LISTS / each.part.list_file), "--as-of", WRITTEN)
            for each in story.everyone
        )
    )
    again = story.riverside.ask(
        "import", str(LISTS / story.riverside.part.list_file), "--as-of", WRITTEN
    )
    need(again["drafts"] == 0, "the same list imported again to add nothing")
    found: dict[str, Any] = {}
    for each, report in zip(story.everyone, reports, strict=True):
        need(report["drafts"] > 0, f"drafts from the list of {each.name}")
        doubts = sorted(report["doubts"], key=lambda doubt: not doubt["blocking"])
        rows = report["rows"], report["drafts"], report["skipped"]
        story.screen.say(
            f"{each.name}, {each.part.list_file}: {rows[0]} rows, {rows[1]} drafts, "
            f"{rows[2]} blank, {len(doubts)} doubts"
        )
        shown = [
            (str(doubt["row"]), doubt["column"], _cut(doubt["text"]), doubt["guess"],
             ("! " if doubt["blocking"] else "") + doubt["reason"])
            for doubt in doubts[:DOUBTS_SHOWN]
        ]  # fmt: skip
        story.screen.table(["row", "column", "written", "read as", "doubt (! blocks)"], shown)
        found[each.name] = {
            "rows": rows[0], "drafts": rows[1], "skipped": rows[2], "doubts": len(doubts),
            "blocking": sum(doubt["blocking"] for doubt in doubts),
        }  # fmt: skip
        for draft in each.ask("draft", "list")["drafts"]:
            story.drafts[each.name, draft["row"]] = draft
        need(each.ask("status")["alerts"] == 0, f"nothing of {each.name} published by importing")
    story.screen.good("importing published nothing, and the same list again added nothing")
    return found


def _cut(text: str, length: int = 48) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def publish(story: Story) -> Json:
    """All that nothing stands against is signed; the rest stays with its reason."""
    results = at_once(*(partial(each.ask, "draft", "publish", "--all") for each in story.everyone))
    refused: list[tuple[str, str, str, str]] = []
    for each, result in zip(story.everyone, results, strict=True):
        need(result["published"], f"{each.name} to publish")
        story.published[each.name] = result["published"]
        by_id = {draft["id"]: draft for draft in story.drafts.values()}
        for row in result["refused"]:
            draft = by_id[row["id"]]
            refused.append((each.name, str(draft["row"]), words(draft["codes"]), row["reason"]))
    counts = {each.name: len(story.published[each.name]) for each in story.everyone}
    story.screen.say(
        "Signed as alerts: " + ", ".join(f"{n} of {name}" for name, n in counts.items()) + ".\n"
        "Not published, and why:"
    )
    story.screen.table(["organisation", "row", "codes", "reason"], refused)
    need("no_consent" in {row[3] for row in refused}, "a reporter's no to be kept")
    need("number_in_text" in {row[3] for row in refused}, "a number inside a text to be found")
    return {"published": counts, "refused": [{"org": r[0], "reason": r[3]} for r in refused]}


def meet(story: Story) -> Json:
    """Invite, accept, compare the codes by voice, and know before what the other will see."""
    screen = story.screen
    _invite(story)
    lists = at_once(*(partial(each.ask, "peer", "list") for each in story.everyone))
    codes = {
        each.name: found["peers"][0]["ours"]
        for each, found in zip(story.everyone, lists, strict=True)
    }
    screen.say("\nThe codes that each reads to the others by voice:")
    screen.table(["organisation", "code"], list(codes.items()))
    wrong = codes[story.maison.name]
    code, error = story.riverside.try_to("peer", "verify", story.harbour.name, "--code", wrong)
    need(code == PEER and error.get("code") == "wrong_code", "a wrong code to be refused")
    screen.good(f"the code of another organisation is refused (wrong_code, exit code {code})")

    pairs = story.pairs()
    foreseen = at_once(*(partial(will_see, *pair) for pair in pairs))
    screen.say("\nBefore anybody trusts anybody, policy preview says what they will see:")
    screen.table(
        ["alerts of → seen by", "will see", "what keeps the rest back"],
        [
            (f"{one.name} → {other.name}", f"{seen['will_see']} of {seen['of']}", _rules(seen))
            for (one, other), seen in zip(pairs, foreseen, strict=True)
        ],
    )
    at_once(*(partial(_trust, one, story.others(one), codes) for one in story.everyone))
    at_once(
        *(
            partial(wait_for_alerts, one, other, seen["will_see"])
            for (one, other), seen in zip(pairs, foreseen, strict=True)
        )
    )
    screen.good("all trust each other now, and each got as many alerts as was said before")
    told = [
        {"origin": one.name, "receiver": other.name, "alerts": seen["will_see"], "of": seen["of"],
         "rules": [row["rule"] for row in seen["withheld"]]}
        for (one, other), seen in zip(pairs, foreseen, strict=True)
    ]  # fmt: skip
    return {"codes": codes, "will_see": told}


def _invite(story: Story) -> None:
    one, two, three = story.everyone
    for inviter, invited in ((one, two), (one, three), (three, two)):
        _meet_two(story.screen, inviter, invited)


def _meet_two(screen: Screen, inviter: Organisation, invited: Organisation) -> None:
    invite = inviter.ask("peer", "invite", "--name", invited.name)["invite"]
    met = invited.ask("peer", "accept", "-", "--name", inviter.name, stdin=invite)
    need(met["state"] == "unverified", f"{invited.name} not to trust {inviter.name} yet")
    screen.say(f"{inviter.name} invites {invited.name} ({invite[:24]}…), which accepts: unverified")


def introduce(screen: Screen, one: Organisation, other: Organisation) -> None:
    """Two organisations meet and trust each other, codes compared."""
    _meet_two(screen, one, other)
    codes = {each.name: each.ask("peer", "list")["peers"][0]["ours"] for each in (one, other)}
    _trust(one, [other], codes)
    _trust(other, [one], codes)
    waited(lambda: all(peer["they_trust_us"] for peer in other.ask("peer", "list")["peers"]),
           f"{one.name} and {other.name} to trust each other")  # fmt: skip


def _trust(one: Organisation, others: list[Organisation], codes: dict[str, str]) -> None:
    for other in others:
        done = one.ask("peer", "verify", other.name, "--code", codes[other.name])
        need(done["state"] == "trusted", f"{one.name} to trust {other.name}")


def will_see(origin: Organisation, receiver: Organisation) -> Json:
    """How many alerts a peer would get once it is trusted, and the rules behind the others."""
    return origin.ask("policy", "preview", "--peer", receiver.name)


def _rules(seen: Json) -> str:
    return "\n".join(row["rule"] for row in seen["withheld"])


def wait_for_alerts(origin: Organisation, receiver: Organisation, count: int) -> None:
    """Wait until a receiver lists as many live alerts of an origin."""

    def arrived() -> bool:
        found = receiver.ask("alert", "list", "--org", origin.name, "--status", "live")["alerts"]
        return len(found) == count

    waited(arrived, f"{count} alerts of {origin.name} at {receiver.name}")
