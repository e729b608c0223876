"""Check: is this number, address, handle, plate or name known, whole or in part?

What was asked is kept nowhere and logged nowhere. Where the policy counts checks, a day's number
goes up by one, and nothing else.
"""

from typing import Any

from sqlalchemy import Connection

from node.errors import BadField
from node.matching_check import Origin, match_elsewhere, origins_of, together
from node.question import parse_question
from node.runtime import Node
from node.said import judged_matches
from node.store.lookups import count_check
from node.store.search import search
from node.store.viewers import STAFF, seen_by, sees

NOT_SAFE = "No match is not proof of safety."


async def check(node: Node, text: str, local: bool = False, viewer: str = STAFF) -> dict[str, Any]:
    """Look a text up in every alert that may be shown here; the best 50, and how many more.

    Then the origins are asked that gave us tokens in place of such identifiers, unless `local`.

    `understood` names the kinds that were looked for, `read_as` how the text was read, for the
    person who typed it. `viewer` members: as they see it, without what is for staff.
    """
    context, index = node.context, node.identifiers
    may_see = sees(context, viewer)
    if not text.strip():
        raise BadField("nothing was asked: give a number, email, handle, plate or name")
    await index.load()
    question = parse_question(text, node.settings.country, index.calling_codes())

    def here(connection: Connection) -> tuple[dict[str, Any], tuple[Origin, ...]]:
        """All that the store knows, in one trip where nobody has to be asked."""
        found = search(connection, context, index, question, may_see)
        origins = origins_of(connection, context, question)
        return found if origins else judged(connection, found), origins

    def judged(connection: Connection, found: dict[str, Any]) -> dict[str, Any]:
        return found | judged_matches(connection, context, found["matches"], viewer)

    found, origins = await node.read(here)
    if node.policy.lookup_log == "counts":
        await node.change(count_check, node.today)
    if origins:
        elsewhere = await match_elsewhere(node, question, origins, local=local)

        def both(connection: Connection) -> dict[str, Any]:
            theirs = seen_by(connection, context, viewer, elsewhere["matches"])
            return judged(connection, together(found, {**elsewhere, "matches": theirs}))

        found = await node.read(both)
    read_as = [{"kind": each.kind, "text": each.text} for each in question.read_as]
    return {**found, "understood": question.kinds, "read_as": read_as, "note": NOT_SAFE}
