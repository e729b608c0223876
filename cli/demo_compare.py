"""One alert at its origin and at a receiver, field by field, with the rule behind each difference.

What the origin's preview promises and what the receiver's node shows must be the same; every field
that did not arrive must have a rule. Both are read through the nodes' own commands.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from cli.demo_node import Json, Organisation, need
from cli.demo_screen import Screen
from cli.show import TERMS, words

FAMILIES = {
    "place": ("place.region", "place.city", "place.district"),
    "date": ("date.month", "date.week", "date.day"),
    "part of day": ("date.slot",),
    **{kind: (f"{kind}.masked", kind) for kind in ("phone", "email", "handle", "plate", "profile")},
}
"""Fields that tell the same thing more and more exactly: shown as one row, its best value."""
FIRST = ("codes", "severity")
LAST = ("text", "advice", "terms", "kind")
WIDE = 116  # columns that the longest rules need beside each other


@dataclass(frozen=True, slots=True)
class View:
    """What a receiver's node shows of an alert, and by field the rules that kept the rest back.

    `joinable` is what other peers were granted beyond that, as the origin's preview says it.
    """

    fields: Json
    rules: dict[str, list[str]]
    joinable: list[Json]

    def kept_back(self, leaves: tuple[str, ...]) -> list[str]:
        """The rules behind what is missing of these fields."""
        return list(dict.fromkeys(rule for leaf in leaves for rule in self.rules.get(leaf, [])))


def compared(origin: Organisation, receiver: Organisation, alert: str) -> View:
    """Ask both for an alert and hold the answers against each other. StoryBroke if they differ."""
    preview = origin.ask("policy", "preview", "--peer", receiver.name, alert)
    shown, full = receiver.show(alert), origin.show(alert)
    need(shown and full, f"{origin.name} and {receiver.name} to have the alert")
    fields = shown["fields"]
    rules: dict[str, list[str]] = {}
    for row in preview["withheld"]:
        rules.setdefault(row["field"], []).append(row["rule"])
    need(fields == preview["released"], f"{receiver.name} to see what the preview says")
    need(fields.items() <= full["fields"].items(), f"{receiver.name} to see the origin's values")
    missing = full["fields"].keys() - fields.keys()
    need(missing == rules.keys(), f"a rule for every field that {receiver.name} does not see")
    need(missing <= set(shown["absent"]), f"{receiver.name} to be told what may be withheld")
    need(shown["org"] == origin.org, f"{receiver.name} to know whose alert it is")
    for whose, held in ((origin, full), (receiver, shown)):
        need(held["signature"] == "verified", f"{whose.name} to verify the signature")
    return View(fields, rules, preview["joinable"])


def show_views(
    screen: Screen, origin: Organisation, views: Mapping[str, View], full: Json, *, every: bool
) -> None:
    """Show what each receiver (by name) has of an alert beside what the origin has, `full`.

    A row is a family of fields: the best value that each has, and why it is no better. The rules
    stand below the values; where the screen is too narrow for that, as notes below the table.
    Without `every`, only the rows of which something was kept back.
    """
    notes: dict[str, int] | None = None if screen.width >= WIDE else {}
    rows = []
    for name, leaves in _families(full).items():
        kept = [view.kept_back(leaves) for view in views.values()]
        if every or any(kept):
            row: list[str | Text] = [name.replace(".", " "), _shown(full, leaves, [], notes)]
            for view, rules in zip(views.values(), kept, strict=True):
                row.append(_shown(view.fields, leaves, rules, notes))
            rows.append(row)
    screen.table(["field", f"{origin.name} (origin)", *views], rows, narrow=(0, 1))
    if notes:
        screen.say("\n".join(f"[{number}] {rule}" for rule, number in notes.items()) + "\n")


def _families(full: Json) -> dict[str, tuple[str, ...]]:
    """The rows of a table: a name for people, and the fields that it stands for."""
    in_family = {leaf for leaves in FAMILIES.values() for leaf in leaves}
    rest = {name: (name,) for name in full if name not in in_family}
    first = {name: rest.pop(name) for name in FIRST if name in rest}
    last = {name: rest.pop(name) for name in LAST if name in rest}
    families = {name: leaves for name, leaves in FAMILIES.items() if full.keys() & set(leaves)}
    return first | families | rest | last


def _shown(
    fields: Json, leaves: tuple[str, ...], rules: list[str], notes: dict[str, int] | None
) -> Text:
    """A value with the rules that kept more of it back, or with the numbers of their notes."""
    shown = Text(words(_best(fields, leaves)), style="" if rules else "green")
    for rule in rules:
        said = f"\n{rule}" if notes is None else f" [{notes.setdefault(rule, len(notes) + 1)}]"
        shown.append(said, style="dim yellow")
    return shown


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
