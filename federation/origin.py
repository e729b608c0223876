"""The granting side of sync: answers a peer's questions about what it was granted.

No I/O: every function takes a `Grants`, the ledger of one peer inside one open transaction, and
returns the message to send. Rules (numbers are those of docs/spec/07-sync.md):
a mismatch is repaired, never by deleting what we do not know; a repaired row gets a new pseq;
after a restore nothing is put to a peer before that peer has listed what it holds.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from federation.ledger import LedgerRow
from protocol.commitment import erased_hash, stopped_hash
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import Day, EntryId, RecordKey
from protocol.limits import WANT_ROWS
from protocol.messages import Delta, Give, Given, List, Ok, Pull, Put, Row, Stop

MAX_ITEMS = 500
ROWS_AT_ONCE = 40
MAX_WANTED = 100_000  # five times what an origin may have live by default
MAX_JUMP = 2**32
CLOCK_DAYS = 2
NO_DIGEST = bytes(32)  # equals none
LIST_END = b"end"  # longer than no key and shorter than any: no page can begin there
ASK_AGAIN = bytes(8)  # in a listed row's s: "send me this again"
ITEM_BYTES = 200 * 1024  # leaves room for the envelope's own fields within 256 KiB


@dataclass(slots=True)
class Outgoing:
    """One peer's outgoing channel; the store loads it, the machine changes it, the store saves."""

    pseq: int
    cursor: int
    listed: bool
    list_pos: bytes | None
    wanted: set[RecordKey]
    frozen: bool = False  # our keeper froze this node: it tells nothing
    due: bytes | None = None  # the key from which on its rows are still to be derived anew


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of one of our own records: its entry's revision, id and whether it is erased.

    `rev` 0: we have none of it. `waiting` are the first eight bytes of the ids of entries that came
    back and wait for the keeper.
    """

    rev: int
    eid: EntryId
    erased: bool
    waiting: frozenset[bytes] = frozenset()


class Grants(Protocol):
    """One peer's ledger in one transaction."""

    channel: Outgoing
    today: Day

    def digest(self, asof: Day) -> bytes: ...
    def rows_after(self, pseq: int, limit: int) -> Sequence[LedgerRow]:
        """The rows that changed after `pseq`, in order: none that is still to be derived anew."""
        ...

    def rows_between(self, lo: bytes, hi: bytes, asof: Day) -> dict[RecordKey, LedgerRow]: ...
    def items(self, rows: Sequence[LedgerRow]) -> Sequence[Put | Stop]: ...
    def known(self, rks: Collection[RecordKey]) -> Mapping[RecordKey, Known]: ...
    def reissue(self, rows: Iterable[LedgerRow]) -> None:
        """Give each row the next pseq, unconfirmed."""
        ...

    def derive(self, rks: Collection[RecordKey] | None = None) -> None:
        """Re-derive this peer's rows (None: all) from records, policy and its card."""
        ...

    def confirm(self, cursor: int, held: Mapping[RecordKey, str], *, equal: bool) -> None: ...
    def suspend(self, row: LedgerRow, why: str) -> None:
        """Take the row out of the ledger until the keeper confirms."""
        ...

    def adopt_stop(self, rk: RecordKey, exp: Day) -> None:
        """Make the row a stop, as the peer was told, until the keeper confirms."""
        ...

    def issue_stop(self, rk: RecordKey, exp: Day) -> None:
        """Make the row a stop that is still to be told."""
        ...

    def take_back(self, items: Sequence[Given], wanted: Collection[RecordKey]) -> set[RecordKey]:
        """Merge wanted own records that came back, and adopt the rows that this peer holds.

        Returns the keys of the records that came."""
        ...

    def abandon(self, rk: RecordKey) -> None:
        """The peer lists a record that it cannot give: stop it there, unless we know better."""
        ...

    def start_recovery(self) -> None:
        """This peer is put nothing before it has listed what it holds.

        No other is either, as soon as it gives back what proves that this store is an older one."""
        ...


def on_pull(grants: Grants, pull: Pull) -> Delta:
    """Answer a pull: note what the peer has confirmed, return what it lacks."""
    _note(grants, pull.cursor, pull.asof, pull.digest, dict(pull.held))
    return next_delta(grants, pull.cursor, pull.asof, pull.max_bytes)


def on_ok(grants: Grants, ok: Ok) -> None:
    """Take a peer's answer to a pushed delta."""
    _note(grants, ok.cursor, ok.asof, ok.digest, dict(ok.held))


def _note(
    grants: Grants, cursor: int, asof: Day, digest: bytes, held: Mapping[RecordKey, str]
) -> None:
    channel = grants.channel
    if cursor > channel.pseq:
        if cursor - channel.pseq > MAX_JUMP:
            raise ProtocolError(ErrorNumber.MALFORMED, "the cursor jumps too far ahead")
        # It says that it remembers more than we do: this store may be an older one.
        channel.pseq = cursor
        grants.start_recovery()
    channel.cursor = cursor
    # A digest of another time could be one of nothing at all, and would confirm everything; one
    # of rows that are still to be derived, what is granted no more.
    sane = abs(asof - grants.today) <= CLOCK_DAYS and channel.due is None
    equal = sane and grants.digest(asof) == digest
    if equal and not channel.listed:
        channel.listed, channel.list_pos = True, None
        channel.wanted.clear()
        grants.derive()
        equal = grants.digest(asof) == digest
    grants.confirm(cursor, held, equal=equal)


def next_delta(grants: Grants, cursor: int, asof: Day, max_bytes: int = ITEM_BYTES) -> Delta:
    """The delta from `cursor` on, within `max_bytes`; empty where nothing is new.

    A peer that must list first gets no item at all: the digest tells it to list. What is still
    wanted back is asked for again each time. A frozen node says that there is more, and tells none
    of it: so nothing is listed, confirmed, or taken for agreed. While rows are still to be derived
    anew there is more, too, and of it only what has been derived is told.
    """
    if grants.channel.frozen:
        return Delta(cursor, cursor, more=True, asof=asof, digest=NO_DIGEST, items=(), want=())
    rows: Sequence[LedgerRow] = ()
    if grants.channel.listed:
        rows = grants.rows_after(cursor, MAX_ITEMS + 1)
    more = len(rows) > MAX_ITEMS or grants.channel.due is not None
    rows = rows[:MAX_ITEMS]
    budget = min(max_bytes, ITEM_BYTES)
    items: list[Put | Stop] = []
    to = cursor
    for item in _items(grants, rows):
        size = _size(item)
        if items and size > budget:
            more = True
            break
        budget -= size
        items.append(item)
        to = item.pseq
    if rows and not items:
        to = rows[-1].pseq  # rows that cannot be told must not stand in front of the others
    if grants.channel.listed and not more:
        to = max(to, grants.channel.pseq)  # nothing is left before it, also where rows went away
    want = tuple(sorted(grants.channel.wanted))[:WANT_ROWS]
    # Half a ledger's digest confirms nothing, and costs a read of it all.
    digest = NO_DIGEST if more else grants.digest(asof)
    return Delta(cursor, to, more, asof, digest, tuple(items), want)


def says_nothing(delta: Delta) -> bool:
    """Whether a delta says no more than that there will be more."""
    return delta.more and delta.to_seq == delta.from_seq and not (delta.items or delta.want)


def _items(grants: Grants, rows: Sequence[LedgerRow]) -> Iterator[Put | Stop]:
    """What the rows say, made a few at a time: about a hundred of five hundred fit."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        yield from grants.items(rows[start : start + ROWS_AT_ONCE])


def _size(item: Put | Stop) -> int:
    if isinstance(item, Stop):
        return 40
    return 120 + len(item.entry) + len(item.disclosures)


def on_list(grants: Grants, listing: List) -> Delta:
    """Answer one page of what the peer holds: repair what differs, want back what we lost."""
    channel = grants.channel
    known = grants.known([row.rk for row in listing.rows])
    mine = grants.rows_between(listing.lo, listing.hi, grants.today)
    differing = {
        row.rk: row
        for row in listing.rows
        if row.rk not in mine or mine[row.rk].state[:8] != row.s8
    }
    listed = {row.rk for row in listing.rows}
    unlisted = [row for rk, row in mine.items() if rk not in listed]
    if channel.listed and any(_newer(known.get(rk), row) for rk, row in differing.items()):
        grants.start_recovery()
    if channel.listed:
        _repair(grants, mine, differing, unlisted)
    else:
        channel.wanted |= _reconcile(grants, mine, differing, unlisted, known)
        if len(channel.wanted) > MAX_WANTED:
            raise ProtocolError(ErrorNumber.TOO_BIG, "it lists more than we can ever have said")
        _note_page(channel, listing)
        _end_recovery_if_listed(grants)
    delta = next_delta(grants, channel.cursor, grants.today)
    if listing.hi:  # the items go with the answer to the last page
        return replace(delta, to_seq=delta.from_seq, more=False, digest=NO_DIGEST, items=())
    return delta


def _newer(ours: Known | None, theirs: Row) -> bool:
    """Whether the peer holds something of ours that only a later state of this store issued."""
    is_unknown = ours is None or ours.rev == 0
    if theirs.rev == 0:  # a stop, or a row that it holds without an entry
        return is_unknown and theirs.s8 == stopped_hash(theirs.rk)[:8]
    if ours is not None and theirs.eid8 in ours.waiting:
        return False  # it came back already; the keeper decides
    if ours is None or is_unknown:
        return True
    if ours.erased:
        return False
    if theirs.s8 == erased_hash(theirs.rk)[:8]:
        return True
    return theirs.rev > ours.rev or (theirs.rev == ours.rev and theirs.eid8 != ours.eid[:8])


def _repair(
    grants: Grants,
    mine: Mapping[RecordKey, LedgerRow],
    differing: Mapping[RecordKey, Row],
    unlisted: Sequence[LedgerRow],
) -> None:
    for rk, theirs in differing.items():
        if rk not in mine:  # it holds what this ledger does not say: stop it, or grant it anew
            grants.issue_stop(rk, theirs.exp)
    grants.derive([rk for rk in differing if rk not in mine])
    grants.reissue([*unlisted, *(mine[rk] for rk in differing if rk in mine)])


def _reconcile(
    grants: Grants,
    mine: Mapping[RecordKey, LedgerRow],
    differing: Mapping[RecordKey, Row],
    unlisted: Sequence[LedgerRow],
    known: Mapping[RecordKey, Known],
) -> set[RecordKey]:
    """In recovery: adopt what the peer holds, suspend what it did not list; returns the wanted.

    What came back and waits for the keeper is not wanted again but stopped at the peer.
    """
    for missing in unlisted:
        grants.suspend(missing, "not_listed")
    want: set[RecordKey] = set()
    for rk, theirs in differing.items():
        row, ours = mine.get(rk), known.get(rk)
        is_waiting = ours is not None and theirs.eid8 in ours.waiting
        if theirs.rev > 0 and not is_waiting:
            is_ours = row is not None and (theirs.rev, theirs.eid8) == (row.rev, row.eid[:8])
            if row is not None and is_ours and theirs.s8 == ASK_AGAIN:
                grants.reissue([row])
            else:
                want.add(rk)
        elif theirs.s8 == stopped_hash(rk)[:8]:
            grants.adopt_stop(rk, theirs.exp)
        elif row is not None:
            grants.reissue([row])
        else:
            grants.issue_stop(rk, theirs.exp)  # held without an entry: nothing could come back
    return want


def _note_page(channel: Outgoing, listing: List) -> None:
    """Keep account of how far an unbroken listing has come.

    Where a page was lost the peer starts again, because the digests still differ.
    """
    if listing.lo == b"":
        channel.list_pos = b""
    if channel.list_pos == listing.lo:
        channel.list_pos = listing.hi or LIST_END


def _end_recovery_if_listed(grants: Grants) -> None:
    """The peer has listed everything, and all that was wanted came or cannot come."""
    channel = grants.channel
    if not channel.listed and channel.list_pos == LIST_END and not channel.wanted:
        channel.listed, channel.list_pos = True, None
        grants.derive()


def on_give(grants: Grants, give: Give) -> None:
    """Take back own records that were just wanted; anything else is ignored.

    A give holds what fits an envelope; the rest is wanted again. Only one that brings nothing says
    that the peer has nothing left to give.
    """
    channel = grants.channel
    taken = grants.take_back(give.items, channel.wanted)
    channel.wanted -= taken
    if not taken:
        for rk in channel.wanted:
            grants.abandon(rk)
        channel.wanted.clear()
    _end_recovery_if_listed(grants)
