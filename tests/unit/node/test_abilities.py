"""A switch that nothing here could hold to is refused, at start and when a policy is applied."""

import re
from pathlib import Path

import pytest

from federation.errors import PolicyError
from federation.policy import PRESETS, Policy, preset
from node.abilities import cannot_act
from tests.support.one_node import one_node
from tests.support.parasol_command import parasol, parasol_at_terminal

WIDER = [
    ("photo", '"never"', '"allow"'),
    ("double", "true", "false"),
    ("neutral_sender", "true", "false"),
    ("stop_word", '"STOP"', '"BASTA"'),
]


def with_line(text: str, switch: str, old: str, new: str) -> str:
    changed = re.sub(rf"(?m)^{switch} = {old}$", f"{switch} = {new}", text)
    assert changed != text
    return changed


@pytest.mark.parametrize(("switch", "old", "new"), WIDER)
async def test_it_is_refused_when_it_is_applied_checked_and_at_the_start(
    tmp_path: Path, switch: str, old: str, new: str
) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        text = (home / "policy.toml").read_text()
        wider = with_line(text, switch, old, new)
        for command in ("policy_check", "policy_apply"):
            with pytest.raises(PolicyError, match=switch):
                await node.dispatch(command, {"text": wider})
        assert (home / "policy.toml").read_text() == text
    (home / "policy.toml").write_text(wider)
    with pytest.raises(PolicyError, match=switch):
        async with one_node(home):
            pass


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_kept(name: str) -> None:
    assert list(cannot_act(preset(name))) == []


def test_the_safest_policy_can_be_kept() -> None:
    assert list(cannot_act(Policy())) == []


DUTY = "We must tell the health office about anyone under 18."


@pytest.fixture
def bound(tmp_path: Path) -> Path:
    """A node whose policy names a duty to report."""
    word = tmp_path / "word"
    word.write_text("orchard lamp seven")
    word.chmod(0o600)
    home = tmp_path / "node"
    asked = ["--org", "Riverside", "--region", "US-CA", "--preset", "criminalised"]
    asked += ["--timezone", "UTC", "--recovery-out", str(tmp_path / "words"), "--endpoint", "none"]
    made = parasol("--passphrase-file", str(word), "init", *asked, home=home)
    assert made.code == 0, made.err
    policy = home / "policy.toml"
    text = with_line(policy.read_text(), "mandatory_reporting", '""', f'"{DUTY}"')
    policy.write_text(text)
    return home


def arguments(home: Path) -> list[str]:
    return ["--passphrase-file", str(home.with_name("word")), "draft", "new"]


def test_a_duty_to_report_is_shown_before_a_report_is_written(bound: Path) -> None:
    ran = parasol(*arguments(bound), "--set", "codes=NP", home=bound)
    assert ran.code == 0
    assert ran.err.startswith(DUTY)
    quiet = ["--json", *arguments(bound)]
    ran = parasol(*quiet, "--set", "codes=NP", home=bound)
    assert ran.json()["id"]
    told = parasol("--json", *arguments(bound)[:2], "policy", "intake", home=bound).json()
    assert told["mandatory_reporting"] == DUTY
    assert "Nothing is kept" in told["reporter_data"]


@pytest.mark.parametrize(("word", "code"), [("read", 0), ("", 1)])
def test_on_a_terminal_it_must_be_said_that_it_was_read(bound: Path, word: str, code: int) -> None:
    ran = parasol_at_terminal(
        *arguments(bound), "--set", "codes=NP", home=bound, answers=[("to go on", f"{word}\n")]
    )
    assert ran.code == code
    assert DUTY in ran.out
    listed = parasol("--json", *arguments(bound)[:2], "draft", "list", home=bound).json()
    assert len(listed["drafts"]) == (code == 0)
