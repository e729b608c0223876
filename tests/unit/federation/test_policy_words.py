"""Explanations and advice: every switch and rule has its sentence, every dead end its finding."""

from typing import Any

import pytest

from federation.advice import Finding, check
from federation.explain import LEVEL_MEANINGS, describe, explain, meaning
from federation.policy import LEVELS, PRESETS, Policy, preset
from federation.problems import switch_names


def changed(base: str, **changes: Any) -> Policy:
    return Policy.model_validate(preset(base).model_dump(by_alias=True) | changes)


def found(policy: Policy, level: str = "problem") -> list[str]:
    return [finding.switch for finding in check(policy) if finding.level == level]


def test_every_level_has_a_sentence_of_its_own() -> None:
    assert LEVEL_MEANINGS.keys() == LEVELS.keys()
    for switch, sentences in LEVEL_MEANINGS.items():
        assert len(sentences) == len(LEVELS[switch]) == len(set(sentences))
        assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize("name", PRESETS)
def test_a_policy_is_described_switch_by_switch(name: str) -> None:
    lines = describe(preset(name))
    assert tuple(row.switch for row in lines) == switch_names()
    assert all(row.value and row.meaning.endswith(".") for row in lines)


def test_values_are_written_for_people() -> None:
    org = "a" * 52
    lines = {
        row.switch: row
        for row in describe(changed("gdpr", export_to=(org,), cross_border_regions=("FR", "DE")))
    }
    assert lines["export_to"].value == org
    assert lines["export_to"].meaning == "Our alerts go to these trusted peers only."
    assert lines["cross_border_regions"].value == "FR, DE"
    assert lines["dispute.suspend"].value == "true"
    assert lines["mandatory_reporting"].value == "–"
    assert lines["retention_days.1"].meaning == "Days that an alert of severity 1 lives: 0."


def test_an_audience_of_nobody_is_told_as_nobody() -> None:
    assert meaning("export_to", "nobody") == meaning("export_to", ()) == "Our alerts go to nobody."
    assert meaning("import_from", "trusted") == "All trusted peers' alerts are taken in."


@pytest.mark.parametrize(
    ("rule", "why", "cure"),
    [
        (
            "origin.identifiers.phone=masked",
            "Our policy: Phone numbers are shared masked, such as +1*******189.",
            'If your law and your members allow it, set identifiers.phone to "clear".',
        ),
        (
            "origin.cross_border=listed",
            (
                "Our policy: Our alerts leave the country only for the regions in "
                "cross_border_regions."
            ),
            (
                'If your law and your members allow it, set cross_border to "allow". '
                "Or list the region."
            ),
        ),
        (
            "receiver.categories=crimes",
            "Their policy: Only alerts that allege a crime are shared, and notices.",
            "Only the receiver can change this: ask it to widen categories in its policy.",
        ),
        (
            "origin.export_to=listed",
            "Our policy: the organisation is not on the list.",
            'Add the organisation to export_to, or set export_to to "trusted".',
        ),
        (
            "origin.export_to=nobody",
            "Our policy: Our alerts go to nobody.",
            'Add the organisation to export_to, or set export_to to "trusted".',
        ),
        (
            "origin.publish_delay=3",
            "Our policy: Days between publishing and sharing: 3.",
            "Wait, or lower publish_delay.",
        ),
        (
            "origin.retention_days.1=0",
            "Our policy: Days that an alert of severity 1 lives: 0.",
            "Set retention_days.1 to the days that such records should live.",
        ),
        (
            "consent.peers=no",
            "The reporter did not agree to warn other organisations.",
            "Only she can agree, with her receipt code.",
        ),
        (
            "origin.later_switch=x",
            "The rule origin.later_switch=x stands in the way.",
            "Update this node.",
        ),
    ],
)
def test_a_rule_is_explained_with_its_cure(rule: str, why: str, cure: str) -> None:
    explanation = explain(rule)
    assert (explanation.rule, explanation.why, explanation.cure) == (rule, why, cure)


def test_on_arrival_the_receiver_is_us() -> None:
    assert explain("receiver.text=codes_only", own="receiver").cure.endswith('"edited".')
    assert explain("receiver.text=codes_only").why.startswith("Their policy")
    assert explain("receiver.import_from=nobody").why == (
        "Their policy: nobody is in the audience."
    )


@pytest.mark.parametrize("name", ["criminalised", "client_criminalised"])
def test_the_plain_presets_have_no_problem(name: str) -> None:
    assert found(preset(name)) == []


def test_the_other_presets_say_what_the_keeper_must_still_fill_in() -> None:
    assert found(preset("gdpr")) == ["cross_border"]
    assert found(preset("decriminalised")) == ["police_share.approver"]


@pytest.mark.parametrize(
    ("changes", "switch"),
    [
        ({"export_to": ()}, "export_to"),
        ({"import_from": ()}, "import_from"),
        ({"cross_border": "listed"}, "cross_border"),
        ({"cross_border_regions": ("FR",)}, "cross_border_regions"),
        ({"retention_days": {"4": 9, "3": 0, "2": 9, "1": 9}}, "retention_days.3"),
        ({"retention_days": {"4": 9, "3": 9, "2": 9, "1": 0}}, "retention_days.1"),
        ({"notice_days": 0}, "notice_days"),
        ({"reporter_data": {"mode": "callback"}}, "reporter_data.days"),
        ({"reporter_data": {"days": 3}}, "reporter_data.days"),
        ({"police_share": {"mode": "supported", "approver": " "}}, "police_share.approver"),
        ({"police_share": {"approver": "Ada"}}, "police_share.approver"),
    ],
)
def test_a_setting_that_defeats_another_is_a_problem(changes: dict[str, Any], switch: str) -> None:
    assert found(changed("criminalised", **changes)) == [switch]


@pytest.mark.parametrize(
    ("changes", "switch"),
    [
        ({"export_to": "nobody"}, "export_to"),
        ({"import_from": "nobody"}, "import_from"),
        ({"onward": "on"}, "onward"),
        ({"cross_border": "deny"}, "cross_border"),
        ({"publish_delay": 2}, "publish_delay"),
        ({"identifiers": {}}, "identifiers"),
        ({"race_descriptor": "allow"}, "race_descriptor"),
        ({"name": "allow"}, "name"),
        ({"photo": "allow"}, "photo"),
        ({"place_precision": "district", "date_precision": "day"}, "date_precision"),
        ({"print": {"mode": "full", "numbered": False}}, "print.numbered"),
        ({"moderation": {"reviewers": 2, "urgent": True}}, "moderation.reviewers"),
        (
            {"dispute": {"second_reviewer": True}, "moderation": {"reviewers": 1}},
            "dispute.second_reviewer",
        ),
    ],
)
def test_a_choice_with_a_price_is_noted(changes: dict[str, Any], switch: str) -> None:
    assert found(changed("criminalised"), "note") == ["identifiers.profile"]
    assert switch in found(changed("criminalised", **changes), "note")


@pytest.mark.parametrize("level", ["deny", "listed"])
def test_a_border_is_no_remark_to_those_who_send_nothing(level: str) -> None:
    quiet = changed("criminalised", export_to="nobody", cross_border=level)
    assert "cross_border" not in [finding.switch for finding in check(quiet)]


def test_problems_come_first_and_a_lone_reviewer_is_no_remark() -> None:
    levels = [finding.level for finding in check(Policy())]
    assert levels == sorted(levels, reverse=True)
    assert "note" in levels
    assert Finding("note", "export_to", "no peer will get any alert from you") in check(Policy())
    assert "moderation.reviewers" not in found(preset("criminalised"), "note")


def test_no_urgent_path_is_said() -> None:
    slow = changed("criminalised", moderation={"reviewers": 2, "urgent": False})
    assert any("no urgent path" in finding.message for finding in check(slow))
