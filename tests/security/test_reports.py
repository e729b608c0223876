"""What a reporter was asked, and what she said, holds for as long as what came of it."""

import base64
from pathlib import Path
from typing import Any

from node.runtime import Node
from tests.support.one_node import one_node

LIST = """\
date,what happened,client phone,share with members,share with other organisations
2026-01-10,did not pay,+1 415 555 0142,yes,no
"""


async def imported(node: Node, text: str = LIST) -> dict[str, Any]:
    """Import a list of one row; gives its draft."""
    content = base64.b64encode(text.encode()).decode()
    await node.dispatch("import_list", {"filename": "list.csv", "content": content})
    (row,) = (await node.dispatch("draft_list", {}))["drafts"]
    return await node.dispatch("draft_show", {"id": row["id"]})


async def test_a_no_to_other_organisations_stays_a_no_when_she_says_yes_to_the_rest(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        draft = await imported(node)
        assert draft["consent"] == {"members": True, "peers": False}
        await node.dispatch("draft_edit", {"id": draft["id"], "fields": {"consent": ["yes"]}})
        draft = await node.dispatch("draft_show", {"id": draft["id"]})
        assert draft["consent"] == {"members": True, "peers": False}
