"""Release of fields: which leaves go at which level, and who can join what."""

from collections.abc import Mapping
from typing import Any

import pytest

from federation.decision import NEEDS, Withheld, with_stronger
from federation.policy import LEVELS, accepts_of, preset
from federation.release import Gate, Release, Restrictions, gate, joinable
from keys.card import Accepts
from protocol.fields import FIELDS
from protocol.ids import OrgId
from tests.support.releases import (
    FREE,
    OTHER,
    THEM,
    TODAY,
    US,
    WIDEST,
    YES,
    accepting,
    ask,
    every_rule,
    peer,
    policy_with,
    record,
    rules,
)


def test_every_field_of_the_protocol_has_a_row_in_the_table() -> None:
    assert set(FIELDS) <= set(NEEDS)
    assert set(NEEDS) - set(FIELDS) <= {"photo"}


def test_everything_goes_when_nothing_stands_in_the_way() -> None:
    view = record(*NEEDS, codes=["robbery"], severity=3, kind="alert")
    assert ask(view) == Release(frozenset(NEEDS), ())


def test_codes_descriptions_and_vehicles_have_no_switch() -> None:
    strict = Accepts("US", "criminalised", ())
    free = {
        *("kind", "terms", "codes", "severity", "role", "basis", "location_type"),
        *(
            f"person.{p}"
            for p in ["age", "height", "build", "hair", "marks", "accent", "words", "clothing"]
        ),
        *("vehicle.make", "vehicle.model", "vehicle.colour"),
        "ref",
    }
    answer = ask(record(*FIELDS, codes=["robbery"], severity=3, kind="alert"), to=peer(strict))
    assert answer.names == free
    assert ask(
        record(*FIELDS, codes=["robbery"], severity=3, kind="alert"), to=peer(None)
    ).names == {*free}


LADDERS: dict[str, list[set[str]]] = {
    **{
        f"identifiers.{kind}": [
            set(),
            {f"{kind}.token"},
            {f"{kind}.token", f"{kind}.masked"},
            {f"{kind}.token", f"{kind}.masked", kind},
        ]
        for kind in ("phone", "email", "handle", "profile")
    },
    "identifiers.plate": [
        set(),
        {"plate.token"},
        {"plate.token", "plate.masked", "plate.part"},
        {"plate.token", "plate.masked", "plate.part", "plate"},
    ],
    "place_precision": [
        set(),
        {"place.region"},
        {"place.region", "place.city"},
        {"place.region", "place.city", "place.district"},
    ],
    "date_precision": [
        set(),
        {"date.month"},
        {"date.month", "date.week"},
        {"date.month", "date.week", "date.day", "date.slot"},
    ],
    "text": [set(), {"text", "advice", "reason"}],
    "name": [set(), set(), {"name"}],
    "photo": [set(), set(), {"photo"}],
    "race_descriptor": [set(), set(), {"person.race"}],
}


def nested(switch: str, level: str) -> dict[str, Any]:
    table, _, key = switch.rpartition(".")
    return {table: WIDEST[table] | {key: level}} if table else {key: level}


@pytest.mark.parametrize("switch", LADDERS)
@pytest.mark.parametrize("side", ["origin", "receiver"])
def test_each_level_lets_its_leaves_go_and_the_rule_names_it(switch: str, side: str) -> None:
    ladder = LADDERS[switch]
    for level, expected in zip(LEVELS[switch], ladder, strict=True):
        view = record(*ladder[-1])
        if side == "origin":
            answer = ask(view, policy_with(**nested(switch, level)))
        else:
            answer = ask(view, to=accepting(**{switch.replace(".", "__"): level}))
        assert answer.names == {"kind", "terms", "codes", "severity"} | expected
        assert rules(answer) == {
            leaf: {f"{side}.{switch}={level}"} for leaf in ladder[-1] - expected
        }


def test_the_ladders_name_every_governed_leaf() -> None:
    laddered = set().union(*(ladder[-1] for ladder in LADDERS.values()))
    assert laddered == {leaf for leaf, need in NEEDS.items() if need}


@pytest.mark.parametrize("leaf", ["name", "photo"])
def test_moderator_lets_go_what_a_moderator_approved_for_this_record(leaf: str) -> None:
    policy = policy_with(**{leaf: "moderator"})
    assert rules(ask(record(leaf), policy)) == {leaf: {f"origin.{leaf}=moderator"}}
    assert leaf in ask(record(leaf, approved=(leaf,)), policy).names
    never = policy_with(**{leaf: "never"})
    assert rules(ask(record(leaf, approved=(leaf,)), never)) == {leaf: {f"origin.{leaf}=never"}}
    assert (
        leaf in ask(record(leaf, approved=(leaf,)), policy, accepting(**{leaf: "moderator"})).names
    )


def test_approval_opens_nothing_but_names_and_photos() -> None:
    policy = policy_with(text="codes_only", race_descriptor="off")
    view = record("text", "person.race", approved=("text", "person.race", "phone"))
    assert ask(view, policy).names == {"kind", "terms", "codes", "severity"}


def test_secondary_race_goes_only_beside_another_description_that_goes() -> None:
    policy = policy_with(race_descriptor="secondary")
    alone = ask(record("person.race", "vehicle.make"), policy)
    assert rules(alone) == {"person.race": {"origin.race_descriptor=secondary"}}
    assert "person.race" in ask(record("person.race", "person.hair"), policy).names
    hidden = Restrictions(withhold={THEM: frozenset({"person.hair"})})
    answer = ask(record("person.race", "person.hair"), policy, restrictions=hidden)
    assert not answer.names & {"person.race", "person.hair"}
    assert rules(answer)["person.race"] == {"origin.race_descriptor=secondary"}
    race = Restrictions(withhold={"*": frozenset({"person.race"})})
    answer = ask(record("person.race", "person.hair"), policy, restrictions=race)
    assert rules(answer) == {"person.race": {"consent.audience=narrowed"}}


def test_both_sides_are_named_when_both_stand() -> None:
    answer = ask(
        record("phone"),
        policy_with(**nested("identifiers.phone", "masked")),
        accepting(identifiers__phone="withhold"),
    )
    assert answer.trace == (
        Withheld("phone", "origin.identifiers.phone=masked"),
        Withheld("phone", "receiver.identifiers.phone=withhold"),
    )


@pytest.mark.parametrize(
    ("withheld", "gone"),
    [
        ("phone", {"phone"}),
        ("phone.masked", {"phone", "phone.masked"}),
        ("plate.part", {"plate", "plate.part"}),
        ("place.city", {"place.city", "place.district"}),
        ("date.day", {"date.day", "date.slot"}),
        ("vehicle.make", {"vehicle.make"}),
    ],
)
def test_a_withheld_leaf_takes_what_tells_more_with_it(withheld: str, gone: set[str]) -> None:
    view = record(
        *("phone", "phone.masked", "plate", "plate.part", "plate.masked", "vehicle.make"),
        *("vehicle.model", "place.region", "place.city", "place.district", "date.day", "date.slot"),
    )
    assert with_stronger([withheld]) & view.names == gone
    for whom in ("*", THEM):
        narrowed = Restrictions(withhold={whom: frozenset({withheld})})
        answer = ask(view, restrictions=narrowed)
        assert view.names - answer.names == gone
        assert every_rule(answer) == {"consent.audience=narrowed"}
    elsewhere = Restrictions(withhold={OTHER: frozenset({withheld})})
    assert ask(view, restrictions=elsewhere).names == view.names


def test_an_unknown_field_is_withheld() -> None:
    assert rules(ask(record("home_address"))) == {"home_address": {"origin.field=unknown"}}


@pytest.mark.parametrize(
    "levels",
    [
        (),
        (("identifiers.phone", "everything"),),
        (("identifiers.phone", "clear"), ("identifiers.phone", "withhold")),
        (("identifiers.phone", "withhold"), ("identifiers.phone", "clear")),
        (("phone", "clear"), ("export_to", "trusted")),
    ],
)
def test_a_card_that_says_nothing_usable_is_taken_at_its_strictest(
    levels: tuple[tuple[str, str], ...],
) -> None:
    answer = ask(record("phone"), to=peer(Accepts("US", "", levels)))
    assert rules(answer)["phone"] == {"receiver.identifiers.phone=withhold"}


def test_a_gate_made_once_decides_as_the_single_question_does() -> None:
    way = gate(preset("decriminalised"), "US", peer(accepts_of(preset("gdpr"), "US")))
    view = record(*NEEDS, codes=["robbery"], severity=3, kind="alert")
    once = ask(view, preset("decriminalised"), peer(accepts_of(preset("gdpr"), "US")))
    assert way.release(view, YES, FREE, TODAY) == Release(once.names)
    assert way.trace(view, YES, FREE, TODAY) == once.trace
    assert isinstance(way, Gate)


def test_colluding_peers_can_join_what_this_one_is_not_granted() -> None:
    this = Release(frozenset({"kind", "phone.masked"}))
    others: Mapping[OrgId, Release] = {
        THEM: Release(frozenset({"kind", "phone", "phone.masked"})),
        OTHER: Release(frozenset({"kind"})),
        US: Release(frozenset({"text", "name"})),
    }
    assert joinable(this, others) == [
        {"peer": THEM, "fields": ["phone"]},
        {"peer": US, "fields": ["name", "text"]},
    ]
    assert joinable(this, {}) == []


def test_a_record_is_not_shown_when_it_is_printed_for_a_log() -> None:
    assert "canary" not in repr(record(text=["en", "canary"]))


def test_an_approved_name_can_still_be_kept_from_a_peer() -> None:
    view = record("name", "text", approved=("name",))
    narrowed = Restrictions(withhold={THEM: frozenset({"name"})})
    answer = ask(view, policy_with(name="moderator"), restrictions=narrowed)
    assert answer.names == view.names - {"name"}
    assert rules(answer) == {"name": {"consent.audience=narrowed"}}
