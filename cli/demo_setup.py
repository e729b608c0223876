"""The demo's first four steps: three nodes, their lists, what they publish, and how they meet."""

from functools import partial
from pathlib import Path
from typing import Any

from cli.demo_cast import Story
from cli.demo_node import Json, Organisation, at_once, need, waited
from cli.show import words

LISTS = Path(__file__).with_name("demo_lists")
WRITTEN = "2025-05-12"  # the day that the lists were written: their "last week" counts from it
DOUBTS_SHOWN = 3
BORDER = "origin.cross_border=listed"


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
        "Three processes, three encrypted stores, three passphrases. The words that can recover\n"
        "an organisation were written to files of their own, to be moved off the machine."
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
    for one, other in ((story.riverside, story.harbour), (story.riverside, story.maison),
                       (story.harbour, story.maison)):  # fmt: skip
        invite = one.ask("peer", "invite", "--name", other.name)["invite"]
        met = other.ask("peer", "accept", "-", "--name", one.name, stdin=invite)
        screen.say(
            f"{one.name} invites {other.name}: {invite[:28]}…   {other.name}: {met['state']}"
        )
        need(met["state"] == "unverified", f"{other.name} not to trust {one.name} yet")
    codes = {each.name: each.ask("peer", "list")["peers"][0]["ours"] for each in story.everyone}
    screen.say("\nThe codes that each reads to the others by voice:")
    screen.table(["organisation", "code"], list(codes.items()))
    wrong = codes[story.maison.name]
    code, error = story.riverside.try_to("peer", "verify", story.harbour.name, "--code", wrong)
    need(code != 0 and error.get("code") == "wrong_code", "a wrong code to be refused")
    screen.good("the code of another organisation is refused (wrong_code)")
    promised = dict(
        zip(
            _names(story),
            at_once(*(partial(will_see, *pair) for pair in story.pairs())),
            strict=True,
        )
    )
    screen.say("\nBefore anybody trusts anybody, policy preview tells what they will see:")
    rows = [
        (origin, receiver, f"{seen} of {len(story.published[origin])} alerts", words(rules))
        for (origin, receiver), (seen, rules) in promised.items()
    ]
    screen.table(["alerts of", "seen by", "will see", "rules that keep the rest back"], rows)
    for one, other in story.pairs():
        done = one.ask("peer", "verify", other.name, "--code", codes[other.name])
        need(done["state"] == "trusted", f"{one.name} to trust {other.name}")
    for (origin, receiver), (seen, _) in zip(story.pairs(), promised.values(), strict=True):
        waited(partial(_arrived, origin, receiver, seen), f"{seen} alerts at {receiver.name}")
    screen.good("all six trust each other, and each got exactly as many alerts as was said before")
    return {"codes": codes, "will_see": [
        {"origin": origin, "receiver": receiver, "alerts": seen, "rules": rules}
        for (origin, receiver), (seen, rules) in promised.items()
    ]}  # fmt: skip


def _names(story: Story) -> list[tuple[str, str]]:
    return [(one.name, other.name) for one, other in story.pairs()]


def will_see(origin: Organisation, receiver: Organisation) -> tuple[int, list[str]]:
    """How many alerts a peer would get once it is trusted, and the rules behind the others."""
    found = origin.ask("policy", "preview", "--peer", receiver.name)
    return found["will_see"], [row["rule"] for row in found["withheld"]]


def _arrived(origin: Organisation, receiver: Organisation, count: int) -> bool:
    found = receiver.ask("alert", "list", "--org", origin.name, "--status", "live")["alerts"]
    return len(found) == count


def open_border(story: Story) -> Json:
    """Maison Bleue sends nothing abroad until it lists the regions that it looked at."""
    maison, screen = story.maison, story.screen
    alert = story.published[maison.name][0]
    before = maison.ask("policy", "preview", "--peer", story.harbour.name, alert)
    need(not before["released"], "nothing of Maison Bleue to go abroad before it lists regions")
    need(BORDER in {row["rule"] for row in before["withheld"]}, f"the rule {BORDER}")
    screen.say(
        f"So far nobody abroad sees an alert of {maison.name}: {BORDER}.\n"
        f"{before['rules'][BORDER]['why']} Its keeper looks at the law of both regions and lists"
        " them:"
    )
    regions = ", ".join(f'"{each.part.region}"' for each in story.others(maison))
    policy = maison.home / "policy.toml"
    text = policy.read_text("utf-8")
    policy.write_text(
        text.replace("cross_border_regions = []", f"cross_border_regions = [{regions}]"), "utf-8"
    )
    screen.command(f"cross_border_regions = [{regions}]      then: parasol policy apply")
    applied = maison.ask("policy", "apply")
    need(applied["changed"], "the new policy to be in force")
    seen = {}
    for each in story.others(maison):
        expected, _ = will_see(maison, each)
        need(expected == len(story.published[maison.name]), f"{each.name} to be listed")
        waited(partial(_arrived, maison, each, expected), f"{expected} alerts at {each.name}")
        seen[each.name] = expected
    screen.good(
        ", ".join(f"{name} now sees {n}" for name, n in seen.items()) + f" of {maison.name}'s"
    )
    return {"rule": BORDER, "before": 0, "after": seen}
