"""Check: is this number, address, handle, plate or name known, whole or in part?

What was asked is kept nowhere and logged nowhere. Where the policy counts checks, a day's number
goes up by one, and nothing else.
"""

from typing import Any

from sqlalchemy import Connection

from node.errors import BadField
from node.matching_check import match_elsewhere, together
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
    may_see = sees(node.context, viewer)
    if not text.strip():
        raise BadField("nothing was asked: give a number, email, handle, plate or name")
    index = node.identifiers
    await index.load()
    question = parse_question(text, node.settings.country, index.calling_codes())
    found = await node.read(search, node.context, index, question, may_see)
    if node.policy.lookup_log == "counts":
        await node.change(count_check, node.today)
    elsewhere = await match_elsewhere(node, question, local=local)
    read_as = [{"kind": each.kind, "text": each.text} for each in question.read_as]

    def both(connection: Connection) -> dict[str, Any]:
        theirs = seen_by(connection, node.context, viewer, elsewhere["matches"])
        every = together(found, {**elsewhere, "matches": theirs})
        return every | judged_matches(connection, node.context, every["matches"], viewer)

    answer = await node.read(both)
    return {**answer, "understood": question.kinds, "read_as": read_as, "note": NOT_SAFE}
