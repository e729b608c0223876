"""The demo's middle: one alert as each of the three sees it, and a number asked at each of them.

What the origin's preview promises and what a receiver's node shows must be the same, field by
field; every field that does not arrive must have a rule. Both come from the nodes' own commands.
"""

import time
from functools import partial
from typing import Any

from rich.text import Text

from cli.demo_cast import Story
from cli.demo_node import Json, Organisation, at_once, need
from cli.demo_screen import with_rules
from cli.show import TERMS, words

NUMBER = "+44 7700 900142"
SECOND = "+44 7700 900188"
UNKNOWN = "+44 7700 900999"
REPORTER = "+44 7700 900767"  # on row 4 of Harbour's sheet, in the column for staff
TEXT = "Removed the condom without asking, then took money back from her bag. Threatened her."
ROW = 7  # of Harbour's sheet: what kept it from being published was the second number in its text
SETS = (
    "codes=condom_removal", "codes=theft", "codes=threat", "role=client", "basis=first_hand",
    "location=hotel", "city=Auckland", "district=Ponsonby", "date=2025-05-01", "slot=18-24",
    "age=45-50", "hair=grey", "name=Tony", "model=Astra", "colour=silver", "plate=GB:AB12CDE",
    "mail=tony@example.org", "advice=Ask for the money first.",
)  # fmt: skip

FAMILIES = {
    "place": ("place.region", "place.city", "place.district"),
    "date": ("date.month", "date.week", "date.day"),
    "part of day": ("date.slot",),
    **{kind: (f"{kind}.masked", kind) for kind in ("phone", "email", "handle", "plate", "profile")},
}
"""Fields that tell the same thing more and more exactly: shown as one row, its best value."""


def same_alert(story: Story) -> Json:
    """A reviewed draft goes out, and each of the three is asked what it sees of it."""
    harbour, screen = story.harbour, story.screen
    draft = story.drafts[harbour.name, ROW]["id"]
    screen.say(
        f"Row {ROW} of {harbour.name}'s sheet waited: a second number stood in its text.\n"
        "A reviewer moves the number into its field, adds what she knows, and publishes."
    )
    pairs = [word for pair in SETS for word in ("--set", pair)]
    edit = [
        "draft",
        "edit",
        draft,
        *pairs,
        "--set",
        "phone=-",
        "--set",
        "phone=-",
        "--set",
        "text=-",
    ]
    harbour.ask(*edit, stdin=f"{NUMBER}\n{SECOND}\n{TEXT}")
    started = time.monotonic()
    done = harbour.ask("draft", "publish", draft)
    published = time.monotonic()
    need(len(done["published"]) == 1, "the reviewed draft to be published")
    story.hero = alert = done["published"][0]
    receivers = story.others(harbour)
    times = at_once(*(partial(_visible_ms, each, alert, published) for each in receivers))
    screen.say(
        f"The command to publish took {_ms(published - started)}. From its end until another\n"
        "node showed the alert, the question itself included: "
        + ", ".join(f"{ms} ms at {each.name}" for each, ms in zip(receivers, times, strict=True))
    )
    origin = harbour.show(alert)
    views = [_view(harbour, each, alert, origin["fields"]) for each in receivers]
    heads = ["field", f"{harbour.name} (origin)", *(each.name for each in receivers)]
    screen.table(heads, _rows(origin["fields"], views), narrow=(0, 1))
    screen.good(
        "what policy preview said at the origin is what each receiver's node shows, and every"
        " field that is not there has its rule"
    )
    for each, view in zip(receivers, views, strict=True):
        need(view["signature"] == "verified", f"{each.name} to verify the signature")
    screen.good(
        f"signature verified at all three: the values are {harbour.name}'s, although fields"
        " were left out on the way"
    )
    joined = views[1]["joinable"]
    need(joined, "the preview to say what the others could tell Maison Bleue")
    screen.say(
        f"{story.maison.name} could learn from {words(joined[0]['peer'])}, if the two compared"
        f" their copies: {words(joined[0]['fields'])}. The preview says that too."
    )
    names = [each.name for each in receivers]
    return {
        "alert": alert, "visible_ms": dict(zip(names, times, strict=True)),
        "origin": origin["fields"], "views": dict(zip(names, views, strict=True)),
    }  # fmt: skip


def _visible_ms(receiver: Organisation, alert: str, since: float) -> int:
    receiver.until(alert, bool, "the alert")
    return round((time.monotonic() - since) * 1000)


def _ms(seconds: float) -> str:
    return f"{round(seconds * 1000)} ms"


def _view(origin: Organisation, receiver: Organisation, alert: str, full: Json) -> Json:
    """What a receiver sees, held against what the origin's preview says that it would see."""
    shown = receiver.show(alert)
    preview = origin.ask("policy", "preview", "--peer", receiver.name, alert)
    rules: dict[str, list[str]] = {}
    for row in preview["withheld"]:
        rules.setdefault(row["field"], []).append(row["rule"])
    fields = shown["fields"]
    need(fields == preview["released"], f"{receiver.name} to see what the preview says")
    need(
        all(full[name] == value for name, value in fields.items()),
        f"{receiver.name} to see the origin's own values",
    )
    need(
        full.keys() - fields.keys() == rules.keys(),
        f"a rule for every field that {receiver.name} does not see",
    )
    need(shown["org"] == origin.org, f"{receiver.name} to know whose alert it is")
    return {"fields": fields, "rules": rules, "signature": shown["signature"],
            "joinable": preview["joinable"]}  # fmt: skip


def _rows(full: Json, views: list[Json]) -> list[list[str | Text]]:
    """A row for each family of fields: the most exact value that each has, and why no better."""
    in_family = {leaf for leaves in FAMILIES.values() for leaf in leaves}
    rest = {name: (name,) for name in full if name not in in_family}
    families = {name: leaves for name, leaves in FAMILIES.items() if full.keys() & set(leaves)}
    told = []
    for name, leaves in (families | rest).items():
        line: list[str | Text] = [name.replace(".", " ")]
        line.append(with_rules(_best(full, leaves), []))
        for view in views:
            kept = [rule for leaf in leaves for rule in view["rules"].get(leaf, [])]
            line.append(with_rules(_best(view["fields"], leaves), list(dict.fromkeys(kept))))
        told.append(line)
    return told


def _best(fields: Json, leaves: tuple[str, ...]) -> Any:
    held = [leaf for leaf in leaves if leaf in fields]
    if not held:
        return None
    if held[-1] == "terms":
        audience, *more = zip(TERMS, fields["terms"], strict=False)
        return [f"for {audience[1]}", *(name if given else f"no {name}" for name, given in more)]
    if held[-1].startswith("place."):
        return [fields[leaf] for leaf in reversed(held)]
    return fields[held[-1]]


def ask_number(story: Story) -> Json:
    """The number is looked up at each of the three: whole where it is held whole, else masked."""
    screen = story.screen
    answers = at_once(*(partial(each.ask, "check", "-", stdin=NUMBER) for each in story.everyone))
    expected = {story.riverside.name: "phone exact", story.harbour.name: "phone exact",
                story.maison.name: "phone masked form"}  # fmt: skip
    rows, found = [], {}
    for each, answer in zip(story.everyone, answers, strict=True):
        why = {match["alert"]: match["why"] for match in answer["matches"]}.get(story.hero, "")
        need(why == expected[each.name], f"{each.name} to find the number: {expected[each.name]}")
        need(not answer["not_asked"], f"{each.name} to ask everybody")
        held = each.show(story.hero)["fields"]
        rows.append((each.name, why, words(held.get("phone") or held["phone.masked"])))
        found[each.name] = why
    screen.table([f"check {NUMBER}", "match", "what is held there"], rows)
    for number, what in ((UNKNOWN, "a number nobody reported"), (REPORTER, "the reporter's own")):
        for answer in at_once(*(partial(each.ask, "check", "-", stdin=number)
                                for each in story.everyone)):  # fmt: skip
            exact = [each for each in answer["matches"] if each["why"] == "phone exact"]
            need(not exact, f"{what} not to be found")
    screen.good("a number that nobody reported: no record, which is not proof of safety")
    screen.good(
        f"the reporter's number in {story.harbour.name}'s sheet is found nowhere,"
        f" not even at {story.harbour.name}"
    )
    return {"matches": found}
