"""Statistics: the figures of closed months, and how often somebody checked.

The figures may be published: see `node.statistics` for why no number of them, and no difference of
two reports, tells of fewer alerts than the policy's least cell. The counts of checks are for the
organisation itself.
"""

import re
from typing import Any

from node.errors import BadRequest, Refused
from node.runtime import Node
from node.statistics import close_months, month_name, month_of, published_months
from node.store.lookups import checks_by_day
from protocol.ids import iso_date

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


async def statistics(
    node: Node, since: str | None = None, until: str | None = None
) -> dict[str, Any]:
    """Give the figures of closed months, from one month (2026-01) to another, and the checks.

    Refused while the register is lost: nobody knows then what was published before.
    """
    for given in (since, until):
        if given is not None and not _MONTH.fullmatch(given):
            raise BadRequest("a month is written 2026-01")
    if node.context.hold_all:
        raise Refused("the register is lost: what was published before is not known")
    await node.change(close_months, node.context)
    least = node.policy.statistics_min_cell
    months = [
        each
        for each in published_months(node.context.register, least)
        if (since is None or each.month >= since) and (until is None or each.month <= until)
    ]
    result: dict[str, Any] = {
        "months": [
            {
                "month": each.month,
                "least": each.least,
                "figures": [
                    {"region": row.region, "code": row.code, "alerts": row.alerts}
                    for row in each.rows
                ],
                "shown": sum(row.alerts for row in each.rows),
            }
            for each in months
        ],
        "open": month_name(month_of(node.today)),
    }
    if node.policy.lookup_log == "counts":
        counts = await node.read(checks_by_day)
        result["checks"] = [{"day": iso_date(day), "checks": checks} for day, checks in counts]
    return result
