"""Policies: the safest start, reading and writing, what a bad file says, the strictest of two."""

from typing import Any

import pytest

from federation.errors import FederationError, PolicyError
from federation.policy import (
    ACCEPTED,
    LEVELS,
    PRESETS,
    Policy,
    accepts_of,
    dump,
    load_policy,
    preset,
    preset_text,
    strictest,
    value_of,
)
from federation.problems import allowed_values, switch_names

ORG_A, ORG_B = "a" * 52, "b" * 52


def problems(toml: str) -> tuple[str, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(toml)
    assert caught.value.code == "policy"
    assert isinstance(caught.value, FederationError)
    assert str(caught.value) == "\n".join(caught.value.problems)
    return caught.value.problems


def test_an_empty_file_is_the_safest_value_of_every_switch() -> None:
    policy = load_policy("")
    assert policy == Policy()
    for switch, levels in LEVELS.items():
        assert value_of(policy, switch) == levels[0]
    assert {s: value_of(policy, s) for s in switch_names() if s not in LEVELS} == {
        "publish_delay": 30,
        "mandatory_reporting": "",
        "notice_days": 0,
        "export_to": "nobody",
        "import_from": "nobody",
        "cross_border_regions": (),
        "statistics_min_cell": 20,
        "retention_days.4": 0,
        "retention_days.3": 0,
        "retention_days.2": 0,
        "retention_days.1": 0,
        "reporter_data.days": 0,
        "police_share.approver": "",
        "dispute.days": 1,
        "dispute.suspend": True,
        "dispute.second_reviewer": True,
        "moderation.reviewers": 3,
        "moderation.urgent": False,
        "moderation.urgent_hours": 1,
        "optin.double": True,
        "optin.stop_word": "STOP",
        "optin.neutral_sender": True,
        "print.numbered": True,
    }


@pytest.mark.parametrize("switch", LEVELS)
def test_every_level_of_every_switch_can_be_set(switch: str) -> None:
    for level in LEVELS[switch]:
        assert value_of(load_policy(f'{switch} = "{level}"'), switch) == level


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ('text = "all"', 'text: this is not one of its values; allowed: "codes_only" | "edited"'),
        (
            'identifiers.phone = "open"',
            (
                "identifiers.phone: this is not one of its values; "
                'allowed: "withhold" | "match" | "masked" | "clear"'
            ),
        ),
        (
            "retention_days.4 = 1097",
            (
                "retention_days.4: the number is out of range; "
                "allowed: a whole number from 0 to 1096"
            ),
        ),
        (
            "publish_delay = -1",
            "publish_delay: the number is out of range; allowed: a whole number from 0 to 30",
        ),
        (
            "publish_delay = true",
            ("publish_delay: this is not one of its values; allowed: a whole number from 0 to 30"),
        ),
        (
            'moderation.urgent = "yes"',
            "moderation.urgent: this is not one of its values; allowed: false | true",
        ),
        (
            "dispute.suspend = 1",
            "dispute.suspend: this is not one of its values; allowed: true | false",
        ),
        (
            'optin.stop_word = "X"',
            "optin.stop_word: the text is too short or too long; allowed: a text",
        ),
        (
            'export_to = ["riverside"]',
            (
                "export_to: must be organisation ids of 52 letters and digits; "
                'allowed: "nobody" | a list of organisation ids | "trusted"'
            ),
        ),
        (
            'cross_border_regions = ["UK"]',
            (
                'cross_border_regions: must be ISO 3166 codes such as "FR" or "US-CA"; allowed: '
                'a list of ISO 3166 codes such as "FR" or "US-CA" (the United Kingdom is "GB")'
            ),
        ),
        ("print = 1", "print: must be a table [print] with the keys mode, numbered"),
        (
            'plase_precision = "city"',
            ("plase_precision: there is no such switch; did you mean place_precision?"),
        ),
        ("zzzz = 1", "zzzz: there is no such switch; compare with docs/reference/policy.md"),
        (
            '"+14165550123" = 1',
            "there is a switch of an unknown name: compare with docs/reference/policy.md",
        ),
        (
            "text = 2026-01-20",
            'text: this is not one of its values; allowed: "codes_only" | "edited"',
        ),
    ],
)
def test_a_bad_switch_is_named_with_its_values(toml: str, line: str) -> None:
    assert problems(toml) == (line,)


def test_every_bad_switch_of_a_file_is_named_at_once() -> None:
    assert [line.split(":")[0] for line in problems('text="x"\nname="y"\n[dispute]\ndays=0')] == [
        "name",
        "text",
        "dispute.days",
    ]


def test_broken_toml_says_where_and_repeats_nothing() -> None:
    (line,) = problems("text = canary-4165550123")
    assert line == "this is not TOML: look at line 1, column 8"
    assert problems("text =") == ("this is not TOML: look at end of document",)
    assert "canary" not in problems("[a]\n[a]\ncanary=1")[0]


def test_what_stood_in_the_file_is_never_repeated() -> None:
    for toml in ('text = "canary"', 'export_to = ["canary"]', "['canary 4165550123']\nx = 1"):
        with pytest.raises(PolicyError) as caught:
            load_policy(toml)
        assert "canary" not in str(caught.value)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__


def test_organisation_ids_may_be_pasted_in_capitals() -> None:
    policy = load_policy(f'export_to = [" {ORG_A.upper()} "]')
    assert policy.export_to == (ORG_A,)


@pytest.mark.parametrize("name", PRESETS)
def test_a_policy_written_down_is_read_back_equal(name: str) -> None:
    policy = preset(name)
    assert load_policy(dump(policy)) == policy
    changed = policy.model_copy(update={"export_to": (ORG_A,), "cross_border_regions": ("FR",)})
    assert load_policy(dump(changed)) == changed


def test_every_switch_says_what_it_allows() -> None:
    for switch in switch_names():
        assert allowed_values(switch)


PRESET_TABLE: dict[str, tuple[Any, Any, Any, Any]] = {
    "legal_model": ("criminalised", "client_criminalised", "regulated", "decriminalised"),
    "categories": ("all", "all", "crimes", "all"),
    "identifiers.phone": ("clear", "clear", "masked", "clear"),
    "identifiers.email": ("clear", "clear", "masked", "clear"),
    "identifiers.handle": ("clear", "clear", "masked", "clear"),
    "identifiers.plate": ("clear", "clear", "masked", "clear"),
    "identifiers.profile": ("match", "match", "match", "clear"),
    "name": ("never", "never", "never", "moderator"),
    "photo": ("never", "never", "never", "moderator"),
    "race_descriptor": ("secondary", "secondary", "off", "secondary"),
    "text": ("edited", "edited", "edited", "edited"),
    "place_precision": ("city", "district", "city", "district"),
    "date_precision": ("week", "week", "month", "day"),
    "publish_delay": (0, 0, 0, 0),
    "mandatory_reporting": ("", "", "", ""),
    "reporter_data.mode": ("none", "none", "callback", "callback"),
    "reporter_data.days": (0, 0, 30, 90),
    "police_share.mode": ("disabled", "disabled", "disabled", "anonymised"),
    "police_share.approver": ("", "", "", ""),
    "retention_days.4": (1095, 1095, 1095, 1095),
    "retention_days.3": (1095, 1095, 730, 1095),
    "retention_days.2": (365, 365, 365, 730),
    "retention_days.1": (90, 90, 0, 180),
    "notice_days": (3, 3, 3, 7),
    "subject_notice": ("never", "never", "on_request", "never"),
    "dispute.days": (14, 14, 7, 14),
    "dispute.suspend": (False, False, True, False),
    "dispute.second_reviewer": (False, False, True, False),
    "moderation.reviewers": (1, 1, 2, 1),
    "moderation.urgent": (True, True, True, True),
    "moderation.urgent_hours": (48, 48, 48, 48),
    "export_to": ("trusted", "trusted", "trusted", "trusted"),
    "import_from": ("trusted", "trusted", "trusted", "trusted"),
    "cross_border": ("allow", "allow", "listed", "allow"),
    "cross_border_regions": ((), (), (), ()),
    "onward": ("off", "off", "off", "off"),
    "print.mode": ("masked", "masked", "masked", "full"),
    "print.numbered": (True, True, True, True),
    "lookup_log": ("none", "none", "counts", "none"),
    "statistics_min_cell": (10, 10, 10, 5),
    "optin.double": (True, True, True, True),
    "optin.stop_word": ("STOP", "STOP", "STOP", "STOP"),
    "optin.neutral_sender": (True, True, True, True),
}


@pytest.mark.parametrize(("column", "name"), list(enumerate(PRESETS)))
def test_every_preset_equals_the_table(column: int, name: str) -> None:
    policy = preset(name)
    assert set(PRESET_TABLE) == set(switch_names())
    for switch, row in PRESET_TABLE.items():
        assert value_of(policy, switch) == row[column], switch


@pytest.mark.parametrize("name", PRESETS)
def test_every_block_of_a_preset_is_explained(name: str) -> None:
    blocks = preset_text(name).split("\n\n")
    assert all(block.lstrip().startswith("#") for block in blocks)


def test_an_unknown_preset_is_refused_with_the_choices() -> None:
    with pytest.raises(PolicyError, match="criminalised, client_criminalised, gdpr"):
        preset("../gdpr")


def test_days_kept_follow_the_severity_and_notices_have_their_own() -> None:
    policy = preset("decriminalised")
    assert [policy.days_kept(severity) for severity in range(5)] == [7, 180, 730, 1095, 1095]
    assert preset("gdpr").days_kept(1) == 0


def test_the_card_says_the_levels_in_order_of_their_names() -> None:
    accepts = accepts_of(preset("gdpr"), "NL")
    assert (accepts.region, accepts.legal_model) == ("NL", "regulated")
    assert [switch for switch, _ in accepts.levels] == sorted(ACCEPTED)
    assert accepts.level("identifiers.phone") == "masked"
    assert accepts.level("categories") == "crimes"


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_is_stricter_than_the_start_but_texts(name: str) -> None:
    merged = strictest(Policy(), preset(name))
    assert merged == Policy()
    assert strictest(preset(name), Policy()) == merged


def test_the_strictest_of_two_takes_each_switch_from_the_stricter() -> None:
    merged = strictest(preset("gdpr"), preset("decriminalised"))
    expected = {
        "legal_model": "regulated",
        "categories": "crimes",
        "identifiers.phone": "masked",
        "identifiers.profile": "match",
        "name": "never",
        "race_descriptor": "off",
        "place_precision": "city",
        "date_precision": "month",
        "retention_days.3": 730,
        "retention_days.1": 0,
        "notice_days": 3,
        "reporter_data.days": 30,
        "police_share.mode": "disabled",
        "subject_notice": "never",
        "dispute.days": 7,
        "dispute.suspend": True,
        "moderation.reviewers": 2,
        "moderation.urgent": True,
        "cross_border": "listed",
        "print.mode": "masked",
        "lookup_log": "none",
        "statistics_min_cell": 10,
    }
    assert {switch: value_of(merged, switch) for switch in expected} == expected


@pytest.mark.parametrize(
    ("a", "b", "both"),
    [
        ("trusted", "nobody", "nobody"),
        ("trusted", (ORG_A,), (ORG_A,)),
        ((ORG_A,), "trusted", (ORG_A,)),
        ((ORG_A, ORG_B), (ORG_B,), (ORG_B,)),
        ((ORG_A,), (ORG_B,), ()),
        ((ORG_A,), "nobody", "nobody"),
    ],
)
def test_two_audiences_leave_who_is_in_both(a: Any, b: Any, both: Any) -> None:
    merged = strictest(Policy(export_to=a, import_from=b), Policy(export_to=b, import_from=a))
    assert merged.export_to == both
    assert merged.import_from == both


@pytest.mark.parametrize(
    ("a", "b", "rule", "regions"),
    [
        (("allow", ()), ("listed", ("FR",)), "listed", ("FR",)),
        (("listed", ("FR",)), ("allow", ("DE",)), "listed", ("FR",)),
        (("listed", ("US", "FR")), ("listed", ("US-CA", "DE")), "listed", ("US-CA",)),
        (("listed", ("US-CA",)), ("listed", ("US", "US-NY")), "listed", ("US-CA",)),
        (("deny", ("FR",)), ("listed", ("FR",)), "deny", ()),
        (("allow", ("FR",)), ("allow", ("DE",)), "allow", ()),
    ],
)
def test_two_lists_of_regions_leave_what_both_cover(
    a: Any, b: Any, rule: str, regions: tuple[str, ...]
) -> None:
    merged = strictest(
        Policy(cross_border=a[0], cross_border_regions=a[1]),
        Policy(cross_border=b[0], cross_border_regions=b[1]),
    )
    assert (merged.cross_border, merged.cross_border_regions) == (rule, regions)


def test_two_duties_to_report_are_both_shown_and_an_approver_needs_both() -> None:
    a = load_policy('mandatory_reporting = "Minors."\npolice_share.approver = "Ada"')
    b = load_policy('mandatory_reporting = "Gunshots."\npolice_share.approver = "Bea"')
    merged = strictest(a, b)
    assert merged.mandatory_reporting == "Minors.\n\nGunshots."
    assert not merged.police_share.approver
    assert strictest(a, a).police_share.approver == "Ada"
    assert strictest(Policy(), a).mandatory_reporting == "Minors."


def test_nothing_goes_to_police_until_an_approver_is_named() -> None:
    assert preset("decriminalised").police_mode() == "disabled"
    named = load_policy('police_share = {mode = "anonymised", approver = "Ada"}')
    assert named.police_mode() == "anonymised"
    assert load_policy('police_share.approver = "Ada"').police_mode() == "disabled"
