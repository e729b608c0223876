"""Release of records: what keeps a whole record back, or lets it go."""

from typing import Any

import pytest

from federation.policy import Policy
from federation.release import Consent, RecordView, Restrictions, gate, release
from keys.card import Accepts
from protocol.codec import Value
from protocol.ids import OrgId, text_id
from tests.support.releases import (
    ALL_LEVELS,
    FREE,
    KEPT,
    OTHER,
    THEM,
    TODAY,
    YES,
    accepting,
    ask,
    every_rule,
    peer,
    policy_with,
    record,
    rules,
)


@pytest.mark.parametrize(
    ("codes", "kind", "level", "goes"),
    [
        (["robbery"], "alert", "crimes", True),
        (["theft", "no_show"], "alert", "crimes", True),
        (["uneasy"], "alert", "crimes", False),
        (["uneasy"], "alert", "crimes_and_risky", True),
        (["no_show"], "alert", "crimes_and_risky", False),
        (["no_show"], "alert", "all", True),
        (["raid"], "notice", "crimes", True),
        ([], "voice", "crimes_and_risky", False),
        ([], "voice", "all", True),
        (["no_show"], "notice", "crimes", False),
        ([], "notice", "crimes", True),
    ],
)
@pytest.mark.parametrize("side", ["origin", "receiver"])
def test_categories_gate_whole_records(
    codes: list[Value], kind: str, level: str, side: str, *, goes: bool
) -> None:
    severity = 0 if kind == "notice" else 1
    view = record("text", codes=codes, kind=kind, severity=severity)
    if side == "origin":
        answer = ask(view, policy_with(categories=level))
    else:
        answer = ask(view, to=accepting(categories=level))
    if goes:
        assert answer.names == view.names
    else:
        assert not answer.names
        assert rules(answer) == {name: {f"{side}.categories={level}"} for name in view.names}


def test_a_raised_severity_does_not_make_a_lesser_complaint_a_crime() -> None:
    view = record(codes=["no_show"], severity=4)
    assert every_rule(ask(view, policy_with(categories="crimes"))) == {"origin.categories=crimes"}


@pytest.mark.parametrize("severity", [1, 2, 3, 4])
def test_what_is_not_kept_is_not_shared(severity: int) -> None:
    codes: dict[int, Value] = {1: "no_show", 2: "uneasy", 3: "robbery", 4: "weapon"}
    view = record(codes=[codes[severity]], severity=severity)
    none = policy_with(retention_days=KEPT | {str(severity): 0})
    assert every_rule(ask(view, none)) == {f"origin.retention_days.{severity}=0"}
    others = policy_with(retention_days=dict.fromkeys("4321", 0) | {str(severity): 1})
    assert ask(view, others).names


def test_notices_have_their_own_lifetime() -> None:
    view = record(kind="notice", codes=["raid"], severity=0)
    assert every_rule(ask(view, policy_with(notice_days=0))) == {"origin.notice_days=0"}
    assert ask(view, policy_with(retention_days=dict.fromkeys("4321", 0))).names


def test_a_record_without_severity_is_judged_by_its_codes() -> None:
    values: dict[str, Value] = {"kind": "alert", "codes": ["no_show", "robbery"]}
    view = RecordView(values, TODAY, TODAY)
    assert every_rule(ask(view, policy_with(retention_days=KEPT | {"3": 0}))) == {
        "origin.retention_days.3=0"
    }
    bare = RecordView({"kind": "alert"}, TODAY, TODAY)
    assert every_rule(ask(bare, policy_with(retention_days=KEPT | {"1": 0, "4": 0}))) == {
        "origin.retention_days.1=0",
        "origin.retention_days.4=0",
    }


def test_nobody_is_the_audience_of_a_policy_written_by_hand() -> None:
    answer = ask(record("phone"), Policy())
    assert not answer.names
    assert "origin.export_to=nobody" in rules(answer)["kind"]


def test_a_list_of_organisations_reaches_those_and_only_if_trusted() -> None:
    assert ask(record(), policy_with(export_to=(text_id(THEM),))).names
    assert every_rule(ask(record(), policy_with(export_to=(text_id(OTHER),)))) == {
        "origin.export_to=listed"
    }
    assert every_rule(ask(record(), policy_with(export_to=()))) == {"origin.export_to=listed"}
    untrusted = ask(record(), policy_with(export_to=(text_id(THEM),)), peer(trusted=False))
    assert every_rule(untrusted) == {"origin.peer=untrusted"}


@pytest.mark.parametrize(
    ("rule", "regions", "own", "theirs", "stands"),
    [
        ("deny", (), "US-NY", "US-CA", False),
        ("deny", (), "US", "FR", True),
        ("deny", ("FR",), "US", "FR", True),
        ("listed", (), "US", "FR", True),
        ("listed", ("FR",), "US", "FR", False),
        ("listed", ("CA",), "FR", "CA-ON", False),
        ("listed", ("CA-ON",), "FR", "CA", True),
        ("listed", (), "FR", "FR", False),
        ("allow", (), "US", "FR", False),
        ("listed", ("FR",), "US", "", True),
        ("allow", (), "US", "", False),
        ("deny", (), "", "", True),
    ],
)
def test_borders(
    rule: str, regions: tuple[str, ...], own: str, theirs: str, *, stands: bool
) -> None:
    policy = policy_with(cross_border=rule, cross_border_regions=regions)
    there = peer(Accepts(theirs, "regulated", ALL_LEVELS.levels))
    answer = release(record(), policy, own, there, YES, FREE, TODAY)
    assert every_rule(answer) == ({f"origin.cross_border={rule}"} if stands else set())
    assert bool(answer.names) is not stands


def test_a_peer_without_a_card_is_abroad() -> None:
    answer = ask(
        record(), policy_with(cross_border="listed", cross_border_regions=("US",)), peer(None)
    )
    assert "origin.cross_border=listed" in every_rule(answer)


def test_a_delay_holds_a_record_until_its_day() -> None:
    policy = policy_with(publish_delay=3)
    assert every_rule(ask(record(published=TODAY - 2), policy)) == {"origin.publish_delay=3"}
    assert ask(record(published=TODAY - 3), policy).names
    assert every_rule(ask(record(published=TODAY + 1))) == {"origin.publish_delay=0"}


def test_without_consent_nothing_goes() -> None:
    every_other = Consent(
        members=True, print=True, statistics=True, contact=True, police_anonymised=True
    )
    answer = ask(record("phone"), consent=every_other)
    assert not answer.names
    assert every_rule(answer) == {"consent.peers=no"}
    assert Consent() == Consent(peers=False)


@pytest.mark.parametrize(
    ("peers", "goes"),
    [(None, True), (frozenset({THEM}), True), (frozenset({OTHER}), False), (frozenset(), False)],
)
def test_a_narrowed_audience_is_who_is_named_and_an_empty_one_is_nobody(
    peers: frozenset[OrgId] | None, *, goes: bool
) -> None:
    answer = ask(record(), restrictions=Restrictions(peers=peers))
    assert bool(answer.names) is goes
    assert every_rule(answer) == (set() if goes else {"consent.audience=narrowed"})


@pytest.mark.parametrize("leaf", ["kind", "terms"])
def test_a_record_without_its_terms_does_not_go(leaf: str) -> None:
    answer = ask(record("text"), restrictions=Restrictions(withhold={"*": frozenset({leaf})}))
    assert not answer.names
    assert len(answer.trace) == len(record("text").names)


def test_a_withdrawal_always_goes_and_its_reason_only_where_texts_go() -> None:
    view = RecordView({"kind": "alert", "terms": [], "reason": "mistaken"}, TODAY, TODAY)
    assert gate(policy_with(), "US", peer()).withdrawal(view, FREE) == {"kind", "terms", "reason"}
    for way, restrictions in (
        (gate(Policy(), "US", peer()), FREE),
        (gate(policy_with(), "US", accepting(text="codes_only")), FREE),
        (gate(policy_with(), "US", peer()), Restrictions(withhold={"*": frozenset({"reason"})})),
    ):
        assert way.withdrawal(view, restrictions) == {"kind", "terms"}


@pytest.mark.parametrize("severity", [-1, 5, 6, "4", None])
def test_a_severity_that_is_none_leaves_the_codes_to_judge(severity: Any) -> None:
    cases: list[tuple[list[Value], int]] = [
        (["robbery"], 3),
        ([], -1),
        (["robbery", 7, "unheard_of"], 3),
    ]
    for codes, expected in cases:
        values: dict[str, Value] = {"kind": "alert", "codes": codes, "severity": severity}
        assert RecordView(values, TODAY, TODAY).gravity.severity == expected


@pytest.mark.parametrize("severity", range(5))
def test_a_stated_severity_counts_where_the_codes_are_withheld(severity: int) -> None:
    view = RecordView({"kind": "alert", "severity": severity}, TODAY, TODAY)
    assert view.gravity.severity == severity
