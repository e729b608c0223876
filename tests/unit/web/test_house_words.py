"""Every trouble and every rule has words on the keeper's pages."""

import ast
import string
from pathlib import Path

from federation import explain
from federation.policy import accepts_of, load_policy
from keys.card import Accepts
from node.policy_blocks import Block, blocks
from node.web.house_words import TROUBLES, WAYS
from node.web.policy_words import FAMILIES, MEANINGS, accepted, shown_meaning, shown_rule
from node.web.routes import ROUTES

ROOT = Path(__file__).parents[3]
TOLD = ("node/findings.py", "node/defences.py", "node/duty_words.py", "node/matching_state.py",
        "node/commands/overview.py")  # fmt: skip
PRESETS = sorted((ROOT / "federation" / "presets").glob("*.toml"))


def as_is(text: str, **values: object) -> str:
    return text % values if values else text


def codes() -> set[str]:
    """The codes that are written where a Finding is made: by name, or as the fourth value."""
    found = {"equivocation", "invite_used_twice", "invite_not_taken", "was_off", "clock_jumped"}
    for path in TOLD:
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                given = [each.value for each in node.keywords if each.arg == "code"]
                given += node.args[3:4]
                assert given, f"a finding without a code in {path}, line {node.lineno}"
                found |= {str(each.value) for each in given if isinstance(each, ast.Constant)}
    return found


def test_every_trouble_has_words_and_no_words_are_left_over() -> None:
    assert codes() == TROUBLES.keys()


def test_every_cure_leads_to_a_page_that_there_is() -> None:
    assert WAYS.keys() <= TROUBLES.keys()
    assert set(WAYS.values()) <= {route.path for route in ROUTES if route.method == "GET"}


def test_every_meaning_of_a_switch_can_be_translated() -> None:
    for preset in PRESETS:
        for line in explain.describe(load_policy(preset.read_text())):
            known = explain.NUMBER_MEANINGS.get(line.switch, line.meaning)
            assert known in MEANINGS, line.switch
            assert shown_meaning(line.switch, line.value, line.meaning, as_is) == line.meaning
            assert line.switch.partition(".")[0] in FAMILIES
    for meanings in explain.LEVEL_MEANINGS.values():
        assert set(meanings) <= set(MEANINGS)


def test_only_numbers_leave_a_place_in_a_sentence() -> None:
    for text in MEANINGS:
        places = [each[1] for each in string.Formatter().parse(text) if each[1] is not None]
        assert places in ([], [""])


def test_a_rule_says_whose_it_is_and_one_of_a_later_version_says_its_name() -> None:
    assert shown_rule("origin.name=never", as_is) == "Our rules: Names he uses are not shared."
    assert shown_rule("receiver.date_precision=month", as_is).startswith("Theirs: The month")
    assert "did not agree" in shown_rule("consent.peers=no", as_is)
    assert "sideways" in shown_rule("receiver.name=sideways", as_is)
    assert "origin.unheard=of" in shown_rule("origin.unheard=of", as_is)


def test_what_a_card_accepts_is_said_with_what_is_narrower_than_ours() -> None:
    presets = {path.stem: load_policy(path.read_text()) for path in PRESETS}
    ours, theirs = presets["criminalised"], presets["gdpr"]
    found = accepted(accepts_of(theirs, "FR"), ours, as_is)
    assert found[0].narrower
    assert "Only alerts that allege a crime are shared, and notices." in {
        each.meaning for each in found if each.narrower
    }
    assert not any(each.narrower for each in accepted(accepts_of(ours, "US-CA"), ours, as_is))
    unheard = accepted(Accepts("FR", "regulated", (("name", "sideways"),)), ours, as_is)
    assert "Names he uses are not shared." in {each.meaning for each in unheard}


def test_a_preset_is_read_in_its_blocks_with_their_reasons() -> None:
    for preset in PRESETS:
        text = preset.read_text()
        found = blocks(text)
        named = [name for block in found for name in block.switches]
        assert len(named) == len(set(named))
        assert {line.switch for line in explain.describe(load_policy(text))} == set(named)
        assert all(block.reason for block in found)


def test_words_between_switches_begin_a_block_and_a_blank_line_ends_them() -> None:
    text = '# why a\na = 1\nb = 2\n# why c\nc = 3\n\nd = 4\n[e]\n# why f\n"x" = 1\nf = 5\n'
    assert blocks(text) == (
        Block("why a", ("a", "b")), Block("why c", ("c",)), Block("", ("d",)),
        Block("why f", ("e.f",)),
    )  # fmt: skip
