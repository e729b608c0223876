"""The published vectors of `keys`: ours holds to them, and so does a second reading of the spec."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from protocol.errors import ParasolError
from tests.vectors import (
    generate_keys,
    generate_keys_wire,
    generate_matching,
    verifier_keys,
    verifier_keys_wire,
    verifier_matching,
)
from tests.vectors.generate import render
from tests.vectors.run_keys import RUN
from tests.vectors.verifier_bytes import Refused

FOLDER = Path(__file__).parents[2] / "vectors"
BUILT = {**generate_keys.build(), **generate_keys_wire.build(), **generate_matching.build()}
CHECKS = {**verifier_keys.CHECKS, **verifier_keys_wire.CHECKS, **verifier_matching.CHECKS}


def stored(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((FOLDER / name).read_text("ascii"))
    return cases


def test_every_file_has_a_run_a_check_and_a_generator() -> None:
    on_disk = {path.name for path in FOLDER.glob("keys_*.json")}
    assert on_disk == set(RUN) == set(CHECKS) == set(BUILT)


@pytest.mark.parametrize("name", RUN)
def test_the_files_are_what_the_generators_write(name: str) -> None:
    assert render(BUILT[name]) == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", RUN)
def test_ours_agrees_with_every_case(name: str) -> None:
    for case in stored(name):
        try:
            result = {"outcome": RUN[name](case["input"])}
        except ParasolError as error:
            result = {"error": error.code}
        assert result == {key: case[key] for key in result}, case["name"]


@pytest.mark.parametrize("name", RUN)
def test_a_second_reading_of_the_specification_agrees_with_every_case(name: str) -> None:
    for case in stored(name):
        try:
            result = {"outcome": CHECKS[name](case["input"])}
        except Refused as refusal:
            result = {"error": refusal.code}
        assert result == {key: case[key] for key in result}, case["name"]


def test_half_of_the_cases_are_refusals() -> None:
    cases = [case for name in RUN for case in stored(name)]
    assert sum("error" in case for case in cases) >= len(cases) // 2
