"""How many checks were made on a day, where the policy counts them; never what was asked, or when.

Under `lookup_log = none` nothing is kept, also not what was counted before.
"""

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from federation.policy import Policy
from node.store.tables_policy import lookup_counts
from protocol.ids import Day

KEPT_DAYS = 400


def count_check(connection: Connection, today: Day) -> None:
    """Count one check of this day."""
    add = insert(lookup_counts).values(day=today, checks=1)
    once_more = {"checks": lookup_counts.c.checks + 1}
    connection.execute(add.on_conflict_do_update(index_elements=["day"], set_=once_more))


def checks_by_day(connection: Connection) -> list[tuple[Day, int]]:
    """The days on which checks were counted, the newest first, with how many."""
    query = select(lookup_counts.c.day, lookup_counts.c.checks)
    rows = connection.execute(query.order_by(lookup_counts.c.day.desc()))
    return [(Day(day), checks) for day, checks in rows]


def forget_checks(connection: Connection, policy: Policy, today: Day) -> int:
    """Drop what the policy keeps no longer: everything under `none`, else what is a year old."""
    gone = delete(lookup_counts)
    if policy.lookup_log == "counts":
        gone = gone.where(lookup_counts.c.day < today - KEPT_DAYS)
    return connection.execute(gone).rowcount
