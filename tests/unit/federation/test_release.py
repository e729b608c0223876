"""Release: which leaves go at which level, which rules keep a record back, who can join what."""

from collections.abc import Mapping
from typing import Any

import pytest

from federation.decision import NEEDS, Withheld, with_stronger
from federation.policy import ACCEPTED, IDENTIFIERS, LEVELS, Policy, accepts_of, preset
from federation.release import (
    Consent,
    Gate,
    PeerView,
    RecordView,
    Release,
    Restrictions,
    gate,
    joinable,
    release,
)
from keys.card import Accepts
from protocol.codec import Value
from protocol.fields import FIELDS
from protocol.ids import Day, OrgId, text_id

US, THEM, OTHER = OrgId(b"u" * 32), OrgId(b"t" * 32), OrgId(b"o" * 32)
TODAY = Day(20_000)
YES = Consent(peers=True)
FREE = Restrictions()
KEPT = {"4": 1095, "3": 1095, "2": 365, "1": 90}
WIDEST: dict[str, Any] = {
    **{switch: LEVELS[switch][-1] for switch in ACCEPTED if "." not in switch},
    "identifiers": dict.fromkeys(IDENTIFIERS, "clear"),
    "retention_days": KEPT,
    "notice_days": 3,
    "publish_delay": 0,
    "export_to": "trusted",
    "import_from": "trusted",
    "cross_border": "allow",
}
ALL_LEVELS = Accepts("US", "decriminalised", tuple((s, LEVELS[s][-1]) for s in sorted(ACCEPTED)))


def policy_with(**changes: Any) -> Policy:
    return Policy.model_validate(WIDEST | changes)


def record(
    *leaves: str, approved: tuple[str, ...] = (), published: int = TODAY, **values: Value
) -> RecordView:
    all_values: dict[str, Value] = {
        "kind": "alert",
        "terms": ["staff", False, False, False, False, []],
        "codes": ["robbery"],
        "severity": 3,
        **dict.fromkeys(leaves, "x"),
        **values,
    }
    return RecordView(all_values, TODAY, Day(published), frozenset(approved))


def peer(accepts: Accepts | None = ALL_LEVELS, *, trusted: bool = True) -> PeerView:
    return PeerView(THEM, trusted, accepts)


def accepting(**levels: str) -> PeerView:
    """A peer that accepts everything but for some switches, dots written as two underscores."""
    changed = {name.replace("__", "."): level for name, level in levels.items()}
    pairs = tuple((s, changed.get(s, level)) for s, level in ALL_LEVELS.levels)
    return peer(Accepts("US", "decriminalised", pairs))


def ask(
    view: RecordView,
    policy: Policy | None = None,
    to: PeerView | None = None,
    consent: Consent = YES,
    restrictions: Restrictions = FREE,
) -> Release:
    return release(view, policy or policy_with(), "US", to or peer(), consent, restrictions, TODAY)


def rules(answer: Release) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in answer.trace:
        found.setdefault(row.field, set()).add(row.rule)
    return found


def every_rule(answer: Release) -> set[str]:
    return {row.rule for row in answer.trace}


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


@pytest.mark.parametrize("leaf", ["kind", "terms"])
def test_a_record_without_its_terms_does_not_go(leaf: str) -> None:
    answer = ask(record("text"), restrictions=Restrictions(withhold={"*": frozenset({leaf})}))
    assert not answer.names
    assert len(answer.trace) == len(record("text").names)


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


def test_a_withdrawal_always_goes_and_its_reason_only_where_texts_go() -> None:
    view = RecordView({"kind": "alert", "terms": [], "reason": "mistaken"}, TODAY, TODAY)
    assert gate(policy_with(), "US", peer()).withdrawal(view, FREE) == {"kind", "terms", "reason"}
    for way, restrictions in (
        (gate(Policy(), "US", peer()), FREE),
        (gate(policy_with(), "US", accepting(text="codes_only")), FREE),
        (gate(policy_with(), "US", peer()), Restrictions(withhold={"*": frozenset({"reason"})})),
    ):
        assert way.withdrawal(view, restrictions) == {"kind", "terms"}


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
