"""What each peer would see of a draft or alert of ours; those that see the same stand together."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from node.store.peers import all_peers
from node.web.page import Page
from node.web.policy_words import shown_rule
from node.web.shown_fields import ShownField, label, shown_fields
from protocol.ids import text_id


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
    """All of them; `too_many` where there are more peers than were asked for."""

    of: int
    found: tuple[Preview, ...]
    too_many: bool


def _peers(connection: Connection) -> list[str]:
    return [text_id(peer.org) for peer in all_peers(connection) if peer.state.keeps]


async def previews(page: Page, id_: str, *, most: int | None) -> Previews:
    """Ask what each peer would see; none is asked where there are more than `most`."""
    orgs = await page.node.read(_peers)
    if most is not None and len(orgs) > most:
        return Previews(len(orgs), (), too_many=True)
    same: dict[str, tuple[list[str], Mapping[str, Any]]] = {}
    for org in orgs:
        seen = await page.call("policy_preview", peer=org, id=id_)
        whole = {key: seen[key] for key in ("released", "withheld", "joinable")}
        key = json.dumps(whole, sort_keys=True, default=str)
        same.setdefault(key, ([], seen))[0].append(str(seen["peer"]))
    found = tuple(_preview(page, names, seen) for names, seen in same.values())
    return Previews(len(orgs), found, too_many=False)


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
