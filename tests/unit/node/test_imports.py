"""Importing lists through the node: what becomes drafts, once, and what never leaves the report."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from node.desk.errors import ImportFailure
from node.errors import BadRequest
from node.runtime import Node
from node.store.tables import drafts, records
from tests.support.one_node import Clock, one_node

SAMPLES = Path(__file__).parents[2] / "samples"
COUNTRIES = {"liste_francaise.csv": "FR", "uk_outreach_sheet.csv": "GB"}
LATE_2026 = 1_795_000_000_000_000


async def load(node: Node, content: str | bytes, name: str = "list.csv", **more: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    args = {"filename": name, "content": base64.b64encode(data).decode(), **more}
    return await node.dispatch("import_list", args)


LIST = """date,phone,what happened,city,reporter name,share with members
2026-01-10,510 555 0123,Did not pay,Oakland,Wilhelmina,yes
2026-01-11,510 555 0124,Took my phone from my bag,Oakland,,no
2026-01-12,510 555 0125,Did not pay,Oakland,,
"""


async def test_a_second_import_adds_nothing(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        first = await load(node, LIST)
        assert (first["rows"], first["drafts"], first["skipped"]) == (3, 3, 0)
        second = await load(node, LIST, "renamed.csv")
        assert (second["drafts"], second["skipped"], second["doubts"]) == (0, 3, [])


async def test_a_row_that_was_published_or_refused_does_not_come_again(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await load(node, LIST)
        ids = [row["id"] for row in (await node.dispatch("draft_list", {}))["drafts"]]
        result = await node.dispatch("draft_publish", {"all": True})
        left = set(ids) - {row["id"] for row in result["refused"]}
        assert left
        await node.dispatch("draft_refuse", {"id": result["refused"][0]["id"], "reason": ""})
        alert = result["published"][0]
        await node.dispatch("alert_erase", {"alert": alert})
        assert (await load(node, LIST))["drafts"] == 0


async def test_a_no_in_the_rows_own_consent_column_wins(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await load(node, LIST)
        result = await node.dispatch("draft_publish", {"all": True, "despite": True})
        assert [row["reason"] for row in result["refused"]] == ["no_consent"]
        assert len(result["published"]) == 2


PARTIAL = """
[[column]]
header = "phone"
field = "phone"
[[column]]
header = "what happened"
field = "text"
"""


async def test_a_mapping_that_does_not_name_the_consent_column_keeps_its_no(tmp_path: Path) -> None:
    for first in (None, PARTIAL):
        async with one_node(tmp_path / f"node{first is None}") as node:
            await load(node, LIST, mapping=first)
            await load(node, LIST, mapping=PARTIAL)
            result = await node.dispatch("draft_publish", {"all": True, "despite": True})
            assert [row["reason"] for row in result["refused"]] == ["no_consent"]


async def test_reading_again_never_relaxes_a_recorded_no(tmp_path: Path) -> None:
    hidden = f'{PARTIAL}[[column]]\nheader = "share with members"\nfield = "private"\n'
    async with one_node(tmp_path / "node") as node:
        asked = LIST.replace("Wilhelmina,yes", "Wilhelmina,perhaps later")
        await load(node, asked)
        assert (await load(node, asked, mapping=hidden))["read_again"] == 3
        result = await node.dispatch("draft_publish", {"all": True})
        reasons = " ".join(row["reason"] for row in result["refused"])
        assert "no_consent" in reasons
        assert "consent_not_clear" in reasons


async def test_an_unclear_consent_is_answered_on_the_draft(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await load(node, LIST.replace("Wilhelmina,yes", "Wilhelmina,perhaps later"))
        rows = (await node.dispatch("draft_list", {}))["drafts"]
        unclear = next(row["id"] for row in rows if row["row"] == 2)
        refused = await node.dispatch("draft_publish", {"ids": [unclear]})
        assert refused["refused"][0]["reason"] == "consent_not_clear"
        await node.dispatch("draft_edit", {"id": unclear, "fields": {"consent": ["yes"]}})
        assert (await node.dispatch("draft_publish", {"ids": [unclear]}))["published"]


async def test_a_dry_run_stores_nothing(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        shown = await load(node, LIST, dry_run=True)
        assert shown["drafts"] == 3
        assert (await node.dispatch("draft_list", {}))["drafts"] == []
        assert (await load(node, LIST))["drafts"] == 3


async def test_what_the_reporters_column_says_stays_in_the_report(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await load(node, LIST)
        rows = (await node.dispatch("draft_list", {}))["drafts"]
        first = next(row["id"] for row in rows if row["row"] == 2)
        shown = await node.dispatch("draft_show", {"id": first})
        assert "Wilhelmina" in json.dumps(shown["report"])
        assert "Wilhelmina" not in json.dumps(shown["fields"])
        await node.dispatch("draft_publish", {"all": True})
        stored = await node.read(lambda c: c.execute(select(records.c.disclosures)).scalars().all())
        assert stored
        assert not any(b"Wilhelmina" in bytes(raw) for raw in stored)


async def test_a_mapping_is_remembered_and_a_corrected_one_reads_again(tmp_path: Path) -> None:
    rows = "day,ring,remark\n2026-01-10,510 555 0123,Did not pay\n"
    async with one_node(tmp_path / "node") as node:
        guessed = (await load(node, rows))["mapping"]
        before, _, after = guessed.partition('header = "remark"\nfield = "codes"')
        mapping = f'{before}header = "remark"\nfield = "advice"{after}'
        again = await load(node, rows, mapping=mapping)
        assert (again["drafts"], again["read_again"]) == (0, 1)
        only = (await node.dispatch("draft_list", {}))["drafts"][0]["id"]
        shown = await node.dispatch("draft_show", {"id": only})
        assert shown["fields"]["advice"] == ["en", "Did not pay"]
        later = await load(node, rows.replace("0123", "0124"))
        assert 'field = "advice"' in later["mapping"]


async def test_a_draft_that_a_person_edited_is_not_read_again(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        first = await load(node, LIST)
        row = (await node.dispatch("draft_list", {}))["drafts"][0]["id"]
        await node.dispatch("draft_edit", {"id": row, "fields": {"city": ["Berkeley"]}})
        again = await load(node, LIST, mapping=first["mapping"])
        assert again["read_again"] == 2
        fields = (await node.dispatch("draft_show", {"id": row}))["fields"]
        assert fields["place.city"] == "Berkeley"


async def test_an_edit_settles_the_doubt_about_its_field(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        result = await load(node, "date,phone,what happened\n03/04,510 555 0123,Did not pay\n")
        assert [row for row in result["doubts"] if row["column"] == "date"]
        row = (await node.dispatch("draft_list", {}))["drafts"][0]["id"]
        await node.dispatch("draft_edit", {"id": row, "fields": {"date": ["2025-04-03"]}})
        left = (await node.dispatch("draft_show", {"id": row}))["doubts"]
        assert not [doubt for doubt in left if doubt["column"] == "date"]


@pytest.mark.parametrize(
    "name", sorted(path.name for path in SAMPLES.iterdir() if path.suffix != ".md")
)
async def test_every_sample_comes_in_once_and_a_good_part_can_be_published(
    tmp_path: Path, name: str
) -> None:
    async with one_node(tmp_path / "node", clock=Clock(LATE_2026)) as node:
        data = (SAMPLES / name).read_bytes()
        more = {"country": COUNTRIES.get(name)}
        first = await load(node, data, name, **more)
        assert first["rows"] == first["drafts"] + first["skipped"]
        assert first["drafts"] > 30
        assert (await load(node, data, name, **more))["drafts"] == 0
        stored = await node.read(lambda c: len(c.execute(select(drafts.c.id)).fetchall()))
        assert stored == first["drafts"]
        result = await node.dispatch("draft_publish", {"all": True})
        assert len(result["published"]) + len(result["refused"]) == stored
        # Every report of the chat has a name or a number in its words.
        assert bool(result["published"]) == (name != "chat_export.txt")


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"%PDF-1.7", b"one,two\n1,2\n"])
async def test_a_file_that_is_no_list_is_refused_and_leaves_nothing(
    tmp_path: Path, content: bytes
) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(ImportFailure):
            await load(node, content)
        assert (await node.dispatch("draft_list", {}))["drafts"] == []


async def test_bad_arguments_are_named(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadRequest, match="base64"):
            await node.dispatch("import_list", {"filename": "a.csv", "content": "***"})
        with pytest.raises(BadRequest, match="as_of"):
            await load(node, LIST, as_of="yesterday")
        with pytest.raises(ImportFailure):
            await load(node, LIST, mapping="not toml")
