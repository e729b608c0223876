"""What every store of the model says, read straight from its rows, and what people are shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from keys.documents import decode_documents
from protocol.codec import decode
from protocol.entry import Status
from protocol.ids import RecordKey
from protocol.limits import DISCLOSURES_BYTES, ENVELOPE_BYTES
from tests.support.sim_node import SimHost
from tests.support.sim_truth import CATEGORY, LADDERS

if TYPE_CHECKING:
    from tests.support.sim_keepers import Keepers
    from tests.support.sim_world import World

HEARD = {"trusted", "paused"}
_ROW = (
    "rk, org, eid, rev, status, entry, disclosures, hidden, row_kind, state, row_exp, exp_day,"
    " held, received_us"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the records table."""

    rk: RecordKey
    org: bytes
    eid: bytes
    rev: int
    status: int
    entry: bytes
    disclosures: bytes
    hidden: str
    row_kind: int
    state: bytes
    row_exp: int
    exp_day: int
    held: str
    received_us: int

    @property
    def values(self) -> Mapping[str, Any]:
        """What is stored of its fields."""
        return _values(self.disclosures)

    @property
    def is_live(self) -> bool:
        """Whether it stands as a live record with something to show."""
        return (
            self.status == Status.LIVE
            and self.row_kind == 0
            and not self.hidden
            and bool(self.values)
        )


@dataclass(frozen=True, slots=True)
class Granted:
    """One row of a ledger."""

    rk: RecordKey
    state: bytes
    exp: int
    acked_us: int
    held: str
    kind: int
    author: bytes  # of what a hub passes on
    eid: bytes
    rev: int


@dataclass(frozen=True, slots=True)
class PeerRow:
    """What the checks need of a peer's row."""

    id: int
    state: str
    synced: bool
    listed: bool
    cursor: int
    due: bytes | None
    card: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class View:
    """Everything that one store says."""

    records: Mapping[RecordKey, Row]
    peers: Mapping[int, PeerRow]
    ledgers: Mapping[int, Mapping[RecordKey, Granted]]
    suspended: frozenset[tuple[int, RecordKey]]
    aside: Mapping[RecordKey, tuple[str, Mapping[str, Any]]]  # set aside: why, and the values
    passed_on: Mapping[int, Mapping[RecordKey, Row]]  # what each peer says as a hub


@lru_cache(maxsize=20_000)
def _values(raw: bytes) -> Mapping[str, Any]:
    rows: Any = decode(raw, limit=DISCLOSURES_BYTES)
    return {name: value for _, name, value in rows}


@lru_cache(maxsize=2_000)
def _card(raw: bytes) -> Mapping[str, str]:
    card = decode_documents(decode(raw, limit=ENVELOPE_BYTES)).card
    if card is None:
        return {}
    return {**dict(card.accepts.levels), "region": card.accepts.region}


def category_of(values: Mapping[str, Any]) -> int:
    """The place of a record on the ladder of categories."""
    codes = values.get("codes", ["no_show"])
    return min(LADDERS["categories"].index(CATEGORY[code]) for code in codes)


def view(world: "Keepers", host: SimHost) -> View:
    """Read a store, or what was read of it when nothing has changed since."""
    raw = host.store.raw
    known = world.views.get(host.index)
    version = (raw.total_changes, host.restored_us)
    if known is not None and known[0] == version:
        return known[1]
    records = {
        RecordKey(bytes(row[0])): Row(RecordKey(bytes(row[0])), *row[1:])
        for row in raw.execute(f"SELECT {_ROW} FROM records")  # noqa: S608  # our own names
    }
    peers, by_id = {}, {}
    query = "SELECT id, org, state, in_synced, out_listed, in_cursor, out_due, docs FROM peers"
    for row in raw.execute(query):
        index = world.index_of[bytes(row[1])]
        by_id[row[0]] = index
        peers[index] = PeerRow(
            row[0],
            row[2],
            bool(row[3]),
            bool(row[4]),
            row[5],
            row[6],
            _card(bytes(row[7])),
        )
    ledgers: dict[int, dict[RecordKey, Granted]] = {index: {} for index in peers}
    query = "SELECT peer, rk, state, exp, acked_us, held, kind, author, eid, rev FROM ledger"
    for row in raw.execute(query):
        rk = RecordKey(bytes(row[1]))
        ledgers[by_id[row[0]]][rk] = Granted(rk, *row[2:])
    suspended = frozenset(
        (by_id[row[0]], RecordKey(bytes(row[1])))
        for row in raw.execute("SELECT peer, rk FROM suspended")
    )
    aside = {
        RecordKey(bytes(row[0])): (row[1], _values(bytes(row[2])))
        for row in raw.execute("SELECT rk, how, disclosures FROM braked")
    }
    passed_on: dict[int, dict[RecordKey, Row]] = {}
    for source, rk, *rest in raw.execute(f"SELECT source, {_ROW} FROM forwarded"):  # noqa: S608
        mirror = passed_on.setdefault(by_id[source], {})
        mirror[RecordKey(bytes(rk))] = Row(RecordKey(bytes(rk)), *rest)
    found = View(records, peers, ledgers, suspended, aside, passed_on)
    world.views[host.index] = (version, found)
    return found


def shown(world: "World", at: int, of: int) -> dict[RecordKey, Row]:
    """The records that one organisation has from another one itself and shows its people."""
    seen = view(world, world.hosts[at])
    peer = seen.peers[of]
    if peer.state not in HEARD or not peer.synced:
        return {}
    org, today = world.truth.orgs[of], world.today
    return {
        rk: row
        for rk, row in seen.records.items()
        if row.org == org and row.row_exp > 0 and row.is_live and row.exp_day >= today
    }


def mirror(world: "World", origin: int, at: int) -> dict[RecordKey, Row]:
    """What one organisation holds of what another one told it: its own records and others'."""
    org, seen = world.truth.orgs[origin], view(world, world.hosts[at])
    own = {rk: row for rk, row in seen.records.items() if row.org == org and row.row_exp > 0}
    return own | dict(seen.passed_on.get(origin, {}))


def digests_match(world: "World", origin: int, at: int) -> bool:
    """Whether a ledger and its mirror say the same, read from the rows themselves."""
    today = world.today
    mine = {
        (rk, row.state)
        for rk, row in view(world, world.hosts[origin]).ledgers[at].items()
        if row.exp >= today
    }
    theirs = {
        (rk, row.state) for rk, row in mirror(world, origin, at).items() if row.row_exp >= today
    }
    return mine == theirs
