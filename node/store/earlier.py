"""The copy of before an alert was only signed again, kept for a month beside the one that is shown.

Whoever has an origin's key can sign all of its alerts again, word for word. That takes nothing
away, so the brake lets it pass; but once the key is revoked, what came under it is hidden, and that
would be all of them. Then the copy of before is put back (`node.store.put_back`), and given to an
origin that has lost its own.

It stands in the brake's table, and goes with the first item that takes anything of it away: an
erasure is one here, too. Where the brake sets that aside, this copy is what waits.
"""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, delete, update

from federation.terms import narrower_terms
from node.moments import DAY_US
from node.store.purges import note_purge
from node.store.tables_defence import COPIED, braked
from protocol.codec import Value
from protocol.ids import OrgId, RecordKey

SIGNED = "signed_again"
KEPT_US = 30 * DAY_US
_MINE = braked.c.how == SIGNED
_NAMES = ("rk", "org", "since_us", "how", "without", *COPIED)
_KEEP = (  # driver SQL: a rotation brings thousands of these, and it takes a fifth of the time
    f"INSERT OR IGNORE INTO braked ({', '.join(_NAMES)})"  # noqa: S608  # our own column names
    f" VALUES ({', '.join('?' * len(_NAMES))})"
)
_copied = attrgetter(*COPIED)


def keep_earlier(
    connection: Connection,
    old: Any,
    values: Mapping[str, Value],
    after: Mapping[str, Value],
    now_us: int,
) -> None:
    """Keep the shown copy `old`, which says `values`, where what comes says all of it still.

    Not where its terms allow more than those that come: a consent may have been taken back. Of two
    the older stays.
    """
    before, terms = values.get("terms"), after.get("terms")
    if terms != before and narrower_terms(before, terms) != narrower_terms(before, before):
        drop_earlier(connection, RecordKey(bytes(old.rk)))
        return
    connection.exec_driver_sql(_KEEP, (old.rk, old.org, now_us, SIGNED, "", *_copied(old)))


def drop_earlier(connection: Connection, rk: RecordKey) -> None:
    """Drop the earlier copy of one record, as what it says is taken away."""
    if connection.execute(delete(braked).where(_MINE, braked.c.rk == rk)).rowcount:
        note_purge(connection)


def set_earlier_aside(
    connection: Connection, rk: RecordKey, org: OrgId, how: str, now_us: int, without: str
) -> bool:
    """Have the earlier copy wait for the keeper, as the brake would have the later one; if any."""
    waits = {"how": how, "since_us": now_us, "without": without}
    mine = update(braked).where(_MINE, braked.c.rk == rk, braked.c.org == org)
    return connection.execute(mine.values(**waits)).rowcount > 0


def set_all_earlier_aside(connection: Connection, org: OrgId, how: str, now_us: int) -> None:
    """Have every earlier copy of an origin wait for the keeper."""
    mine = update(braked).where(_MINE, braked.c.org == org)
    connection.execute(mine.values(how=how, since_us=now_us))


def drop_all_earlier(connection: Connection, org: OrgId) -> None:
    """Drop every earlier copy of an origin."""
    if connection.execute(delete(braked).where(_MINE, braked.c.org == org)).rowcount:
        note_purge(connection)


def drop_old_earlier(connection: Connection, now_us: int) -> None:
    """Drop what was kept for a month."""
    if connection.execute(
        delete(braked).where(_MINE, braked.c.since_us <= now_us - KEPT_US)
    ).rowcount:
        note_purge(connection)
