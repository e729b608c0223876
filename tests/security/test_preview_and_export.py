"""What a preview shows is what goes, byte for byte, under policies of every kind."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import Connection

from federation.policy import LEVELS, PRESETS, preset_text
from federation.problems import switch_names
from node.commands.policies import policy_preview
from node.runtime import Node
from node.showing import plain_fields
from node.store.grants import StoreGrants
from node.store.peers import peer_of
from protocol.commitment import decode_disclosures
from protocol.entry import decode_entry
from protocol.ids import RecordKey, parse_record_key, text_id
from protocol.messages import Put, Stop
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, published

REPORT = {
    "codes": "RB", "phone": "510 555 0123", "email": "bad@example.org", "handle": "telegram:abcdef",
    "plate": "US:7ABC271", "name": "Dave", "city": "Oakland", "district": "Temescal",
    "date": "2026-01-19", "slot": "18-24", "race": "tall and pale", "hair": "grey",
    "text": "He took it and ran.", "advice": "Do not get in.",
}  # fmt: skip


def some_policy(random: Random) -> str:
    """A preset with a few of its switches changed to any level."""
    import tomlkit

    document: Any = tomlkit.parse(preset_text(random.choice(PRESETS)))
    refused = {"photo", "legal_model"}
    switches = [name for name in switch_names() if name in LEVELS and name not in refused]
    for switch in random.sample(switches, 6):
        table, _, key = switch.rpartition(".")
        (document[table] if table else document)[key] = random.choice(LEVELS[switch])
    return tomlkit.dumps(document)


async def exported(node: Node, other: MadeUp) -> dict[RecordKey, Put | Stop]:
    """What the next delta would bring this peer, if it had nothing yet."""

    def read(connection: Connection) -> dict[RecordKey, Put | Stop]:
        peer = peer_of(connection, other.org)
        assert peer is not None
        grants = StoreGrants(connection, node.context, peer)
        return {item.rk: item for item in grants.items(grants.rows_after(0, 500))}

    return await node.read(read)


@pytest.mark.parametrize("seed", range(6))
async def test_the_preview_is_the_export(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    async with one_node(tmp_path / "node") as node:
        others = [await befriend(node, name) for name in ("Harbour", "Maison")]
        alerts = [await published(node, **REPORT), await published(node, codes="PO")]
        alerts.append(await published(node, codes="NS", phone="510 555 0124", date="2026-01-18"))
        await node.dispatch("alert_narrow", {"alert": alerts[0], "withhold": ["district"]})
        for _ in range(4):
            await node.dispatch("policy_apply", {"text": some_policy(random)})
            for other in others:
                sent = await exported(node, other)
                for alert in alerts:
                    shown = await policy_preview(node, text_id(other.org), alert)
                    item = sent.get(parse_record_key(alert))
                    assert (json.dumps(shown["released"], sort_keys=True)) == _as_shown(item)


def _as_shown(item: Put | Stop | None) -> str:
    """What an item discloses, in the bytes that a preview shows."""
    if not isinstance(item, Put):
        return "{}"
    opened = decode_disclosures(item.disclosures, decode_entry(item.entry))
    values = {disclosure.name: disclosure.value for disclosure in opened}
    return json.dumps(plain_fields(values), sort_keys=True)
