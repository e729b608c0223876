"""The chapters on keys, envelopes, matching name vectors that exist, and leave none of them out."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
CHAPTERS = [ROOT / f"docs/spec/{name}.md" for name in ("05-keys", "06-envelopes", "08-matching")]


def named() -> list[tuple[str, str]]:
    found = []
    for chapter in CHAPTERS:
        for line in chapter.read_text("utf-8").splitlines():
            if not line.startswith("- **"):
                continue
            parts = re.split(r"`(keys_\w+)`: ", line)
            for file, names in zip(parts[1::2], parts[2::2], strict=True):
                text = re.sub(r"\. \(.*$", "", names.strip()).removesuffix(".").removesuffix(",")
                found += [(file, name) for name in text.split(" · ")]
    return found


def test_every_vector_that_a_rule_names_exists() -> None:
    for file, name in named():
        cases = json.loads((ROOT / f"tests/vectors/{file}.json").read_text("ascii"))
        assert name.endswith("all") or name in {case["name"] for case in cases}, (file, name)


def test_every_refusal_is_named_by_a_rule() -> None:
    told = set(named())
    untold = [
        (path.stem, case["name"])
        for path in sorted((ROOT / "tests/vectors").glob("keys_*.json"))
        for case in json.loads(path.read_text("ascii"))
        if "error" in case and not {(path.stem, "all"), (path.stem, case["name"])} & told
    ]
    assert untold == []


def test_rules_are_numbered_without_gaps() -> None:
    for chapter, letter in zip(CHAPTERS, "KEM", strict=True):
        numbers = re.findall(rf"^- \*\*{letter}(\d+)\*\*", chapter.read_text("utf-8"), re.MULTILINE)
        assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))
