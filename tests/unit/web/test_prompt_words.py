"""What the importers doubt of a list is said on a page in words that translators know."""

import datetime as dt
from pathlib import Path

import pytest

from node.desk.importers.importing import import_list
from node.web.prompt_words import PROMPT_WORDS

SAMPLES = Path(__file__).parents[2] / "samples"
LISTS = sorted(each.name for each in SAMPLES.iterdir() if each.suffix in {".csv", ".xlsx", ".txt"})


@pytest.mark.parametrize("name", LISTS)
def test_every_doubt_of_a_list_has_words_for_the_page(name: str) -> None:
    read = import_list(
        (SAMPLES / name).read_bytes(), name, mapping=None, remembered=None, country="US",
        as_of=None, today=dt.date(2026, 11, 20), region="US-CA",
    )  # fmt: skip
    reasons = {doubt.reason for doubt in read.doubts}
    reasons |= {doubt.reason for draft in read.drafts for doubt in draft.doubts}
    unknown = {each for each in reasons if not each.startswith("the column was taken as")}
    assert unknown <= PROMPT_WORDS.keys()
