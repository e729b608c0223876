"""Fictional records for benchmarks: an origin with signed records, and their wires."""

import os
import random
from dataclasses import dataclass

from federation.policy import accepts_of, preset
from federation.release import Consent
from keys.card import sign_card
from keys.documents import Documents
from keys.envelope import BoxKey, make_box_key, make_inner, seal
from keys.orgdoc import next_hash, sign_orgdoc
from keys.signing import SigningKey
from node.pipeline import Signed, leaves_of, sign_alert
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.ids import Day, OrgId
from protocol.messages import Delta, Put

PUBLISHED = Consent(members=True, peers=True)
ITEMS_A_DELTA = 110  # what 200 KiB hold
CITIES = ("Oakland", "Berkeley", "San Jose", "San Francisco")
WORDS = ("held the door", "refused to pay", "showed a badge", "followed me", "took the money back")


@dataclass(frozen=True, slots=True)
class BenchOrg:
    """An organisation that signs: its key, its documents."""

    key: SigningKey
    box: BoxKey
    docs: Documents

    @property
    def org(self) -> OrgId:
        """The organisation's id."""
        return self.docs.org


def bench_org(name: str, today: int) -> BenchOrg:
    """An organisation with one node key and a card without an endpoint."""
    root, after, key = (SigningKey(os.urandom(32)) for _ in range(3))
    doc = sign_orgdoc(
        root, gen=0, ver=1, next_=next_hash(after.public), iat=today, exp=today + 300, name=name,
        keys=[(key.public, today - 1, today + 300)],
    )  # fmt: skip
    box = make_box_key(os.urandom(32), today)
    card = sign_card(
        key, org=doc.org, n=1, box_public=box.public, exp_day=today + 45, endpoints=(),
        features=("sync1",), accepts=accepts_of(preset("decriminalised"), "US-CA"),
    )  # fmt: skip
    return BenchOrg(key, box, Documents((doc,), card))


def alert(chance: random.Random) -> dict[str, Value]:
    """An alert's fields; with what is derived from them it has ten leaves."""
    number = f"+1{chance.randrange(200, 990)}555{chance.randrange(100, 200):04d}"
    return {
        "codes": [chance.choice(("robbery", "weapon", "non_payment", "threat"))],
        "phone": [number],
        "place.city": chance.choice(CITIES),
        "place.region": "US-CA",
        "date.month": f"2026-{chance.randrange(1, 11):02d}",
        "text": ["en", f"He {chance.choice(WORDS)}, {chance.choice(WORDS)}, then left."],
    }


def signed_records(org: BenchOrg, count: int, today: int, seed: int = 1) -> list[Signed]:
    """Signed records with at least ten disclosures each."""
    return own_records(org.key, org.org, count, today, seed=seed)


def own_records(key: SigningKey, org: OrgId, count: int, today: int, seed: int = 1) -> list[Signed]:
    """The same of any organisation whose key is at hand."""
    chance = random.Random(seed)
    policy = preset("decriminalised")
    return [
        sign_alert(
            key, org, leaves_of(alert(chance), policy, PUBLISHED), os.urandom,
            day=Day(today), exp_day=Day(today + 300),
        )
        for _ in range(count)
    ]  # fmt: skip


def wires(
    org: BenchOrg,
    records: list[Signed],
    to: OrgId,
    box_public: bytes,
    today: int,
    items_a_delta: int = ITEMS_A_DELTA,
) -> list[bytes]:
    """Sealed deltas that carry the records, in order from pseq 1."""
    made: list[bytes] = []
    for start in range(0, len(records), items_a_delta):
        group = records[start : start + items_a_delta]
        items = tuple(
            Put(start + at + 1, record.entry.rk, record.entry.raw, record.sig,
                encode_disclosures(record.disclosures))
            for at, record in enumerate(group)
        )  # fmt: skip
        more = start + items_a_delta < len(records)
        delta = Delta(start, start + len(group), more, Day(today), bytes(32), items, ())
        inner = make_inner(
            "delta", org.org, org.key.public, to, start + 1, b"", delta.encode_body()
        )
        made.append(seal(inner, org.key, box_public))
    return made
