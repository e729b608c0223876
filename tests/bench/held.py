"""Many records held: signed truly, verified by construction, stored as intake stores them.

Numbers lie in North American area codes that are reserved (N9X) and belong to nobody, so that they
can differ in every digit, as real ones do.
"""

import os
import random
from collections.abc import Iterator
from itertools import islice

from sqlalchemy import Connection

from federation.policy import preset
from federation.verify import CheckedItem, Verified
from node.pipeline import Signed, leaves_of, sign_alert
from node.runtime import Node
from node.store.context import Context
from node.store.intake import StoreIntake
from node.store.peers import peer_by_id, peer_of
from protocol.codec import Value
from protocol.commitment import encode_disclosures, state_hash
from protocol.ids import Day, OrgId
from tests.bench.lists import CITIES, PUBLISHED, WORDS, BenchOrg, bench_org
from tests.bench.nodes import know

BATCH = 2_000
AN_ORIGIN = 20_000  # what a node holds of one origin at most
FIRST = ("Alex", "Bill", "Chris", "Dave", "Eddie", "Frank", "Gus", "Hank", "Ivan", "Jack")
LAST = ("Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gum", "Hazel", "Ironwood", "Juniper")
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def phone(chance: random.Random) -> str:
    """A number in a reserved area code."""
    area = f"{chance.randrange(2, 10)}9{chance.randrange(10)}"
    return f"+1{area}{chance.randrange(200, 1000)}{chance.randrange(10_000):04d}"


def plate(chance: random.Random) -> str:
    """A plate in the manner of California."""
    letters = "".join(chance.choice(LETTERS) for _ in range(3))
    return f"US:{chance.randrange(1, 10)}{letters}{chance.randrange(1000):03d}"


def held_alert(chance: random.Random) -> dict[str, Value]:
    """An alert: every one with a number, some with a plate, a part of one, a name, a handle."""
    fields: dict[str, Value] = {
        "codes": [chance.choice(("robbery", "weapon", "non_payment", "threat"))],
        "phone": [phone(chance)],
        "place.city": chance.choice(CITIES),
        "place.region": "US-CA",
        "date.month": f"2026-{chance.randrange(1, 11):02d}",
        "text": ["en", f"He {chance.choice(WORDS)}, {chance.choice(WORDS)}, then left."],
    }
    if chance.random() < 0.3:
        fields["plate"] = [plate(chance)]
    elif chance.random() < 0.1:
        fields["plate.part"] = [f"*{plate(chance)[-3:]}"]
    if chance.random() < 0.2:
        fields["name"] = [f"{chance.choice(FIRST)} {chance.choice(LAST)}"]
    if chance.random() < 0.1:
        fields["handle"] = [f"telegram:user{chance.randrange(10**6)}"]
    return fields


def held_records(org: BenchOrg, count: int, today: int, seed: int) -> Iterator[Signed]:
    """Signed records, made one by one."""
    chance = random.Random(seed)
    policy = preset("decriminalised")
    for _ in range(count):
        yield sign_alert(
            org.key, org.org, leaves_of(held_alert(chance), policy, PUBLISHED), os.urandom,
            day=Day(today), exp_day=Day(today + 300),
        )  # fmt: skip


async def hold(node: Node, count: int, *, seed: int = 1) -> list[BenchOrg]:
    """Have the node hold `count` records, of as many origins as that takes."""
    node.context.live_limit = 10**9
    orgs = []
    for start in range(0, count, AN_ORIGIN):
        org = bench_org(f"Held {start}", node.today)
        orgs.append(org)
        await node.change(know, org.docs, f"held {start}")
        here = min(AN_ORIGIN, count - start)
        waiting = held_records(org, here, node.today, seed + start)
        for first in range(0, here, BATCH):
            group = list(islice(waiting, BATCH))
            await node.change(store, node.context, org.org, group, first)
    await node.store.checkpoint()
    return orgs


def store(
    connection: Connection, context: Context, org: OrgId, group: list[Signed], first: int
) -> None:
    """Store records as if a delta from `first` on had brought them."""
    peer = peer_of(connection, org)
    assert peer is not None
    intake = StoreIntake(connection, context, peer_by_id(connection, peer.id), None)
    items = [checked(record, first + at + 1) for at, record in enumerate(group)]
    intake.apply(items)
    intake.channel.cursor = items[-1].pseq
    intake.save()


def checked(record: Signed, pseq: int) -> CheckedItem:
    """A record of ours as it is after the checks of a delta."""
    entry = record.entry
    raw = encode_disclosures(record.disclosures)
    values = {each.name: each.value for each in record.disclosures}
    verified = Verified(entry, record.sig, raw, values)
    return CheckedItem(pseq, entry.rk, state_hash(entry.eid, raw), entry.exp_day, verified)
