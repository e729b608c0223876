"""The reference of policies cannot lag behind the code."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from federation.policy import LEVELS, PRESETS, Policy, load_policy, preset, value_of
from federation.problems import allowed_values, switch_names

ROOT = Path(__file__).parents[3]
REFERENCE = (ROOT / "docs/reference/policy.md").read_text(encoding="utf-8")
SECTIONS = {
    match[1]: match[2]
    for match in re.finditer(
        r"^### `(.+?)`\n(.*?)(?=^### |\Z)", REFERENCE, re.DOTALL | re.MULTILINE
    )
}


def written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[]"
    return str(value) or '""'


def line(section: str, start: str) -> str:
    return next(row for row in SECTIONS[section].splitlines() if row.startswith(f"- {start}"))


def test_every_switch_is_documented_in_the_order_of_the_file() -> None:
    assert tuple(SECTIONS) == switch_names()
    for text in SECTIONS.values():
        assert len(text.strip().splitlines()[0]) > 5


@pytest.mark.parametrize("switch", switch_names())
def test_the_values_stand_from_the_safest_to_the_widest(switch: str) -> None:
    values = line(switch, "Values")
    if switch in LEVELS:
        assert re.findall(r"`([^`]+)`", values) == list(LEVELS[switch])
    elif allowed_values(switch).startswith("a whole number"):
        assert values == f"- Values: {allowed_values(switch)}"
    elif "|" in allowed_values(switch):
        assert "safest to widest" in values


@pytest.mark.parametrize("switch", switch_names())
def test_the_default_and_the_presets_are_as_documented(switch: str) -> None:
    assert line(switch, "Default") == f"- Default: `{written(value_of(Policy(), switch))}`"
    values = [written(value_of(preset(name), switch)) for name in PRESETS]
    if len(set(values)) == 1:
        expected = f"all `{values[0]}`"
    else:
        expected = " · ".join(f"{n} `{v}`" for n, v in zip(PRESETS, values, strict=True))
    assert line(switch, "Presets") == f"- Presets: {expected}"


def test_the_example_of_the_reference_is_a_policy() -> None:
    for example in re.findall(r"```toml\n(.*?)```", REFERENCE, re.DOTALL):
        assert load_policy(example) != Policy()


ACTS = re.findall(
    r"^\| ([\w.]+) \| ([\w.:, ]+) \| ((?:`tests/[\w/.]+`(?:, )?)+) \|$", REFERENCE, re.MULTILINE
)


def test_every_switch_has_a_place_where_it_acts_and_a_test() -> None:
    assert [switch for switch, _, _ in ACTS] == list(switch_names())


@pytest.mark.parametrize(("switch", "places", "tests"), ACTS)
def test_the_place_exists_and_its_tests_name_the_switch(
    switch: str, places: str, tests: str
) -> None:
    for place in places.split(", "):
        module, _, name = place.partition(":")
        assert callable(getattr(importlib.import_module(module), name)), place
    words = {switch, switch.rpartition(".")[2], switch.partition(".")[0]}
    for test in re.findall(r"`([^`]+)`", tests):
        text = (ROOT / test).read_text(encoding="utf-8")
        assert "switch_names()" in text or any(word in text for word in words), (switch, test)
