"""What an import says of a list: every row that became nothing, and what a keeper settles once."""

import base64
from pathlib import Path
from typing import Any

import pytest

from node.errors import BadRequest
from node.runtime import Node
from tests.support.one_node import one_node

CHAT = """12/01/2026, 21:14 - Ada: hello all
12/01/2026, 21:15 - Ada: <Media omitted>
12/01/2026, 21:16 - Bea: beware 510 555 0123 robbed me with a knife
12/01/2026, 21:17 - Ada: thanks for telling
12/01/2026, 21:18 - Bea: beware 510 555 0124 robbed me too
"""
NOTES = """Date,Phone,Notes
2026-01-10,510 555 0123,Left without paying
2026-01-11,510 555 0124,Pushed me and took my phone
2026-01-12,510 555 0125,Left without paying
"""


async def load(node: Node, content: str, name: str = "list.csv", **more: Any) -> dict[str, Any]:
    args = {"filename": name, "content": base64.b64encode(content.encode()).decode(), **more}
    result: dict[str, Any] = await node.dispatch("import_list", args)
    return result


async def test_each_message_that_became_no_draft_is_listed_with_its_line(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        found = await load(node, CHAT, "chat.txt")
        rows = found["skipped_rows"]
        assert [row["row"] for row in rows] == [1, 2, 4]
        assert found["skipped"] == 3
        assert "no report" in rows[0]["reason"]
        assert "picture" in rows[1]["reason"]
        assert rows[2]["text"] == "thanks for telling"
        assert not any("Ada" in str(row) for row in rows)


async def test_each_row_that_became_no_draft_is_listed_with_its_reason(tmp_path: Path) -> None:
    text = (
        "date,phone,what happened\n2026-01-10,510 555 0123,Did not pay\n"
        "2026-01-10,510 555 0123,Did not pay\n,,\n2026-01-12,,\nTotal,3,\n"
    )
    async with one_node(tmp_path / "node") as node:
        found = await load(node, text)
        reasons = {row["row"]: row["reason"] for row in found["skipped_rows"]}
        assert found["drafts"] == 1
        assert found["skipped"] == len(found["skipped_rows"])
        assert "earlier row" in reasons[3]
        assert "nothing in it" in reasons[5]
        assert "end of a list" in reasons[6]
        again = await load(node, text)
        assert again["skipped"] == len(again["skipped_rows"])
        assert {row["row"]: row["reason"] for row in again["skipped_rows"]}[2] == "imported before"


async def test_a_column_that_may_be_hers_is_one_decision_for_the_whole_list(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        found = await load(node, NOTES)
        (asked,) = found["to_confirm"]
        assert (asked["column"], asked["field"], asked["rows"]) == ("Notes", "text", 3)
        assert not (await node.dispatch("draft_publish", {"all": True}))["published"]
        sure = await load(node, NOTES, sure=["notes"])
        assert sure["read_again"] == 3
        assert sure["to_confirm"] == []
        assert len((await node.dispatch("draft_publish", {"all": True}))["published"]) == 3
        later = await load(node, NOTES.replace("0123", "0133"))
        assert later["to_confirm"] == []


async def test_confirming_a_column_does_not_clear_what_stands_in_its_words(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        told = NOTES.replace("Left without paying", "Left without paying; ring me on 510 555 0199")
        found = await load(node, told, sure=["Notes"])
        assert [d["row"] for d in found["doubts"] if d["blocking"]] == [2, 4]


async def test_a_column_that_is_not_there_cannot_be_confirmed(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadRequest, match="no column") as error:
            await load(node, NOTES, sure=["Remarks"])
        assert "Date, Phone, Notes" in str(error.value)


@pytest.mark.parametrize("country", ["XX", "UK", "USA", "Germany", "+1", ""])
async def test_a_country_that_is_none_is_refused(tmp_path: Path, country: str) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadRequest, match="country") as error:
            await load(node, NOTES, country=country)
        assert country != "UK" or "GB" in str(error.value)


async def test_a_list_cannot_have_been_written_in_the_future(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadRequest, match="future"):
            await load(node, NOTES, as_of="2026-01-22")
        assert (await load(node, NOTES, as_of="2026-01-20"))["drafts"] == 3


async def test_what_is_left_to_confirm_is_told_again_when_one_column_was(tmp_path: Path) -> None:
    rows = "2026-01-10\t510 555 0123\tLeft without paying and drove off\n"
    rows += "2026-01-11\t510 555 0124\tPushed me and took my phone, twice\n"
    async with one_node(tmp_path / "node") as node:
        first = await load(node, rows, "list.tsv")
        assert [row["column"] for row in first["to_confirm"]] == ["column 2", "column 3"]
        left = await load(node, rows, "list.tsv", sure=["column 2"])
        assert [row["column"] for row in left["to_confirm"]] == ["column 3"]
        done = await load(node, rows, "list.tsv", sure=["column 2", "column 3"])
        assert done["to_confirm"] == []
        assert len((await node.dispatch("draft_publish", {"all": True}))["published"]) == 2
