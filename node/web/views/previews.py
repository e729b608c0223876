"""What each peer would see of a draft or alert of ours; those that see the same stand together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from node.commands.policies import preview_all
from node.web.page import Page
from node.web.policy_words import shown_rule
from node.web.shown_fields import ShownField, label, shown_fields


@dataclass(frozen=True, slots=True)
class Withheld:
    """One field that a peer does not get, the rule behind it, and what that rule means."""

    label: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What these peers see. `joinable` are fields that others hold, by name of the peer."""

    peers: tuple[str, ...]
    released: tuple[ShownField, ...] = field(repr=False)
    withheld: tuple[Withheld, ...]
    joinable: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Previews:
    """All of them, of so many peers; `too_many` where they would not fit on the page."""

    of: int
    found: tuple[Preview, ...]
    too_many: bool


async def previews(page: Page, id_: str, *, most: int | None) -> Previews:
    """What each peer would see; none is named where they see more than `most` different things."""
    every = await page.node.read(preview_all, page.node.context, id_)
    same: dict[str, tuple[list[str], Mapping[str, Any]]] = {}
    for seen in every:
        whole = {key: seen[key] for key in ("released", "withheld", "joinable")}
        key = json.dumps(whole, sort_keys=True, default=str)
        same.setdefault(key, ([], seen))[0].append(str(seen["peer"]))
    if most is not None and len(same) > most:
        return Previews(len(every), (), too_many=True)
    found = tuple(_preview(page, names, seen) for names, seen in same.values())
    return Previews(len(every), found, too_many=False)


def _preview(page: Page, names: list[str], seen: Mapping[str, Any]) -> Preview:
    return Preview(
        tuple(names),
        shown_fields(seen["released"], page.tr),
        tuple(
            Withheld(label(row["field"], page.tr), row["rule"], shown_rule(row["rule"], page.tr))
            for row in seen["withheld"]
        ),
        tuple(
            (row["peer"], ", ".join(label(each, page.tr) for each in row["fields"]))
            for row in seen["joinable"]
        ),
    )
