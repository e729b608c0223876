"""Admission: what a receiver may hold of what it was sent."""

from typing import Any

import pytest

from federation.admit import Admission, admit, door
from federation.decision import Withheld
from federation.policy import LEVELS, Policy, accepts_of, preset
from federation.release import Consent, PeerView, RecordView, Restrictions, release
from protocol.codec import Value
from protocol.ids import Day, OrgId, text_id

ORIGIN = OrgId(b"o" * 32)
TODAY = Day(20_000)
SENT: dict[str, Value] = {
    "kind": "alert",
    "terms": [],
    "codes": ["robbery"],
    "severity": 3,
    "phone": ["+14165550123"],
    "phone.masked": ["+1*******123"],
    "name": ["Bob"],
    "person.race": "x",
}


def take(policy: Policy, values: dict[str, Value] = SENT) -> Admission:
    return admit(values, policy, ORIGIN)


def changed(base: str, **changes: Any) -> Policy:
    return Policy.model_validate(preset(base).model_dump(by_alias=True) | changes)


def test_fields_that_may_not_be_held_are_dropped_with_their_rules() -> None:
    assert take(preset("gdpr")) == Admission(
        frozenset({"kind", "terms", "codes", "severity", "phone.masked"}),
        (
            Withheld("name", "receiver.name=never"),
            Withheld("person.race", "receiver.race_descriptor=off"),
            Withheld("phone", "receiver.identifiers.phone=masked"),
        ),
    )


def test_what_may_be_held_is_held_without_a_trace() -> None:
    values = SENT | {"person.hair": "red"}
    assert take(preset("decriminalised"), values) == Admission(frozenset(values))


def test_a_name_that_an_origin_sends_was_approved_by_its_moderator() -> None:
    assert "name" in take(changed("gdpr", name="moderator")).names
    assert "name" not in take(changed("gdpr", name="never")).names


def test_race_alone_is_dropped_where_it_must_stand_beside_another_description() -> None:
    assert take(preset("criminalised")).trace == (
        Withheld("name", "receiver.name=never"),
        Withheld("person.race", "receiver.race_descriptor=secondary"),
    )


@pytest.mark.parametrize(
    ("policy", "rule"),
    [
        (changed("criminalised", import_from="nobody"), "receiver.import_from=nobody"),
        (changed("criminalised", import_from=("a" * 52,)), "receiver.import_from=listed"),
        (
            changed("criminalised", retention_days={"4": 9, "3": 0, "2": 9, "1": 9}),
            "receiver.retention_days.3=0",
        ),
    ],
)
def test_a_record_that_may_not_be_held_is_refused_whole(policy: Policy, rule: str) -> None:
    answer = take(policy)
    assert not answer.names
    assert {row.field for row in answer.trace if row.rule == rule} == set(SENT)


def test_an_origin_on_the_list_is_taken_in() -> None:
    assert take(changed("criminalised", import_from=(text_id(ORIGIN),))).names


def test_a_gdpr_organisation_hears_from_abroad_and_sends_nothing_there_until_it_lists_regions() -> (
    None
):
    gdpr, consent = preset("gdpr"), Consent(peers=True)
    here = PeerView(OrgId(b"h" * 32), trusted=True, accepts=accepts_of(gdpr, "FR"))
    abroad = PeerView(ORIGIN, trusted=True, accepts=accepts_of(preset("criminalised"), "US"))
    view = RecordView(SENT, TODAY, TODAY)

    arriving = release(view, preset("criminalised"), "US", here, consent, Restrictions(), TODAY)
    assert "phone.masked" in arriving.names
    assert take(gdpr, {name: SENT[name] for name in arriving.names}).names == arriving.names

    leaving = release(view, gdpr, "FR", abroad, consent, Restrictions(), TODAY)
    assert not leaving.names
    assert "origin.cross_border=listed" in {row.rule for row in leaving.trace}

    listed = changed("gdpr", cross_border_regions=("US",))
    assert release(view, listed, "FR", abroad, consent, Restrictions(), TODAY).names


@pytest.mark.parametrize("level", LEVELS["cross_border"])
def test_the_border_is_no_matter_of_the_receiver(level: str) -> None:
    assert take(changed("gdpr", cross_border=level)) == take(preset("gdpr"))


@pytest.mark.parametrize(
    ("codes", "kind", "held"),
    [(["robbery"], "alert", True), (["uneasy"], "alert", False), (["raid"], "notice", True)],
)
def test_a_receiver_of_crimes_holds_no_lesser_complaints(
    codes: list[Value], kind: str, *, held: bool
) -> None:
    values: dict[str, Value] = {"kind": kind, "terms": [], "codes": codes}
    answer = take(preset("gdpr"), values)
    assert bool(answer.names) is held
    assert {row.rule for row in answer.trace} == (set() if held else {"receiver.categories=crimes"})


def test_a_record_whose_codes_were_withheld_is_read_strictly() -> None:
    assert not take(preset("gdpr"), {"kind": "alert", "terms": []}).names


def test_a_door_made_once_decides_as_the_single_question_does() -> None:
    assert door(preset("gdpr"), ORIGIN).admit(SENT) == take(preset("gdpr"))
