"""A thief who has an organisation's node key, and speaks with it to that organisation's peers."""

from keys.envelope import make_inner
from keys.signing import SigningKey
from node.pipeline import Signed, sign_alert
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.entry import Status, decode_entry
from protocol.ids import Day, RecordId
from protocol.messages import Delta, Put
from tests.support.sim_node import SimHost
from tests.support.sim_views import view
from tests.support.sim_world import World


def _forge(world: World, host: SimHost, rid: bytes, rev: int, status: Status) -> Signed:
    key = SigningKey(host.node.key.seed)
    leaves: dict[str, Value] = {
        "kind": "alert", "terms": [*world.thief_s_terms],
        "codes": ["robbery"], "severity": 3, "text": ["en", "A lie."],
    }  # fmt: skip
    signed = sign_alert(
        key, host.org, leaves if status is Status.LIVE else {}, world.rng.randbytes,
        day=world.today, exp_day=Day(world.today + 900), rid=RecordId(rid), rev=rev,
        status=status,
    )  # fmt: skip
    world.truth.forged.add(signed.entry.eid)
    return signed


async def steal(world: World, host: SimHost) -> None:
    """Sign a tombstone, a higher revision or a new record, and push it to some peers."""
    if world.truth.lost:
        return
    world.truth.stolen.setdefault(host.index, world.today)
    rng = world.rng
    known = [
        decode_entry(bytes(row.entry))
        for other in world.others(host)
        for row in view(world, other).records.values()
        if row.org == host.org and row.eid
    ]
    forged = []
    for _ in range(rng.randrange(1, 3)):
        what = rng.randrange(3) if known else 2
        if what == 2:
            forged.append(_forge(world, host, rng.randbytes(16), 1, Status.LIVE))
        else:
            entry = rng.choice(known)
            status = Status.ERASED if what == 0 else Status.LIVE
            rev = entry.rev + rng.randrange(1, 4)
            forged.append(_forge(world, host, entry.rid, rev, status))
    for other in world.others(host):
        if rng.random() < 0.6:
            await _push(world, host, other, forged)


async def sweep(world: World, host: SimHost) -> None:
    """Erase everything that some peers have of the organisation, in one delta."""
    if world.truth.lost:
        return
    world.truth.stolen.setdefault(host.index, world.today)
    for other in world.others(host):
        rows = [
            decode_entry(bytes(row.entry))
            for row in view(world, other).records.values()
            if row.org == host.org and row.eid
        ]
        if rows and world.rng.random() < 0.7:
            forged = [_forge(world, host, row.rid, row.rev + 1, Status.ERASED) for row in rows]
            await _push(world, host, other, forged)


async def _push(world: World, host: SimHost, other: SimHost, forged: list[Signed]) -> None:
    cursor = view(world, other).peers[host.index].cursor
    items = tuple(
        Put(
            cursor + at, each.entry.rk, each.entry.raw, each.sig,
            encode_disclosures(each.disclosures),
        )
        for at, each in enumerate(forged, start=1)
    )  # fmt: skip
    delta = Delta(
        cursor,
        cursor + len(items),
        more=False,
        asof=world.today,
        digest=bytes(32),
        items=items,
        want=(),
    )
    inner = make_inner(
        "delta", host.org, host.node.key.public, other.org, world.now, b"", delta.encode_body()
    )
    await world.network.deliver(other.endpoint, b"\x01" + inner.raw)
