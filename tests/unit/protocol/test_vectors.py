"""The published vectors: regenerated they are the same, and a stranger's reading agrees."""

from __future__ import annotations

import ast
import json
import re
import sys
from pathlib import Path

import pytest

from tests.vectors import generate, verifier

ROOT = Path(__file__).parents[3]
FOLDER = Path(generate.__file__).parent
ALLOWED = set(sys.stdlib_module_names) | {"msgpack", "nacl", "mnemonic"}
FILES = ("codec", "entries", "disclosures", "states", "merge", "messages", "identifiers", "masks")


def _cases(name: str) -> list[dict[str, object]]:
    loaded: list[dict[str, object]] = json.loads((FOLDER / name).read_text("ascii"))
    return loaded


def test_the_files_are_what_the_generators_write() -> None:
    built = generate.build_all()
    assert sorted(built) == sorted(path.name for path in FOLDER.glob("*.json"))
    for name, content in built.items():
        assert (FOLDER / name).read_bytes() == content, name


def test_the_verifier_agrees_with_every_vector() -> None:
    unknown = [path.name for path in FOLDER.glob("*.json") if path.name not in verifier.checks()]
    assert verifier.disagreements(FOLDER) == [f"{n}: no check knows this file" for n in unknown]
    assert not [name for name in unknown if not name.startswith("keys_")]


def test_the_verifier_imports_nothing_of_ours() -> None:
    for path in FOLDER.glob("verifier*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                allowed = name.split(".")[0] in ALLOWED or name.startswith("tests.vectors.verifier")
                assert allowed, f"{path.name} imports {name}"


def test_no_file_of_the_verifier_is_longer_than_300_lines() -> None:
    for path in FOLDER.glob("verifier*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 300, path.name


@pytest.mark.parametrize("name", FILES)
def test_the_verifier_fails_on_a_tampered_vector(name: str, tmp_path: Path) -> None:
    cases = _cases(f"{name}.json")
    good = next(case for case in cases if "outcome" in case)
    outcome = json.dumps(good["outcome"])
    tampered = {**good, "outcome": json.loads(_other_digit(outcome))}
    (tmp_path / f"{name}.json").write_text(json.dumps([tampered]), "ascii")
    assert verifier.disagreements(tmp_path)


def test_the_verifier_fails_where_a_refusal_is_called_a_success(tmp_path: Path) -> None:
    case = {**next(c for c in _cases("entries.json") if "error" in c), "outcome": {}}
    del case["error"]
    (tmp_path / "entries.json").write_text(json.dumps([case]), "ascii")
    assert verifier.disagreements(tmp_path)


def test_at_least_half_of_all_cases_are_refusals() -> None:
    cases = [case for path in FOLDER.glob("*.json") for case in _cases(path.name)]
    refusals = sum("error" in case for case in cases)
    assert refusals * 2 >= len(cases)


def test_every_case_has_a_name_of_its_own_and_one_outcome() -> None:
    for path in FOLDER.glob("*.json"):
        cases = _cases(path.name)
        assert len({case["name"] for case in cases}) == len(cases)
        for case in cases:
            assert ("outcome" in case) != ("error" in case), case["name"]


@pytest.mark.parametrize("page", sorted((ROOT / "docs/spec").glob("0[1-4]-*.md")))
def test_every_vector_that_the_specification_names_exists(page: Path) -> None:
    text = " ".join(page.read_text("utf-8").split())
    named = 0
    for group in re.findall(r"\(((?:\w+): [^()]*)\)", text):
        file = ""
        for reference in group.split(" · "):
            before, colon, after = reference.partition(": ")
            if colon and before.isalpha():
                file, name = before, after
            else:
                name = reference
            if (FOLDER / f"{file}.json").exists():
                assert name in {case["name"] for case in _cases(f"{file}.json")}, reference
                named += 1
    rules = re.findall(r" (\d+)\. [A-Z`_]", text)
    assert named >= len(rules) > 0


def _other_digit(text: str) -> str:
    """Return JSON in which the last letter or digit of a value is another."""
    for old, new in (("true", "false"), ("false", "true")):
        if text.rstrip("}").endswith(old):
            return text[: text.rindex(old)] + new + text[text.rindex(old) + len(old) :]
    at = max(i for i, sign in enumerate(text) if sign.isalnum())
    return text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :]
