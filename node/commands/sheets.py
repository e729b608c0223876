"""A sheet for people without a phone: numbered, with a last day, and only what paper may carry.

Every copy has its number where the policy says so, and who made it, of which alerts, is written
down inside, so that a lost copy can be told about and an erased alert crossed out on those that
hang somewhere. What may stand on it is decided in `federation.paper`; see `node.sheets`.
"""

from typing import Any

from node.runtime import Node
from node.sheets import crossed_out, make_sheet, sheet_now
from node.store.reviews import name_of
from node.typed import clean_line


async def alert_sheet(
    node: Node, by: str, alerts: list[str] | None = None, strip: str = ""
) -> dict[str, Any]:
    """Make one copy of a sheet with these alerts (None: all that may be printed).

    Gives {"sheet", "copy", "made", "until", "alerts": [{"line", "id", "organisation", "fields"}],
    "left_out"}. `strip` is what stands on the strips that people tear off. Refused where the policy
    prints nothing; BadRequest where there is nothing to print.
    """
    name = name_of(by)
    return await node.change(make_sheet, node.context, name, alerts, clean_line(strip))


async def sheet_show(node: Node, sheet: int) -> dict[str, Any]:
    """Show a copy as it may be printed now; NotFound after its last day."""
    return await node.read(sheet_now, node.context, sheet)


async def sheet_crossed(node: Node) -> dict[str, Any]:
    """Say which lines of which copies must be crossed out, and which copies destroyed."""
    return {"sheets": await node.read(crossed_out, node.context)}
