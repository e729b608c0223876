"""Check finds what it should in every way of writing it, and all that a slow search would find."""

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, select

from node.errors import BadField
from node.plate_readings import fits_plate, may_be_same
from node.question import Question, parse_question
from node.runtime import Node
from node.store import tables
from node.store.records import _UNINDEX, index_rows, reindex
from protocol.identifiers import calling_code
from protocol.ids import text_id
from tests.support.one_node import one_node, published

Value = tuple[str, str]  # leaf, normal form

SLOW = settings(
    max_examples=4, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


async def hold(node: Node, values: Collection[Value]) -> dict[Value, str]:
    """Have the node hold exactly these values, each in an alert of its own; gives the alerts."""
    if not (await node.dispatch("alert_list", {}))["alerts"]:
        await published(node)
    alerts: dict[Value, str] = {}

    def put(connection: Connection) -> None:
        row = connection.execute(select(tables.records).limit(1)).mappings().one()
        connection.execute(delete(tables.identifiers))
        connection.execute(delete(tables.records).where(tables.records.c.id != row["id"]))
        for count, (kind, norm) in enumerate(values, start=row["id"] + 1):
            rk = bytes([7]) + count.to_bytes(15)
            connection.execute(tables.records.insert().values(**{**row, "id": count, "rk": rk}))
            reindex(connection, index_rows(count, {kind: [norm]}))
            alerts[kind, norm] = text_id(rk)

    await node.change(put)
    return alerts


async def found(node: Node, typed: str) -> set[str]:
    answer = await node.dispatch("check", {"text": typed})
    return {match["alert"] for match in answer["matches"]}


PHONES = st.one_of(
    st.builds("+1{}555{:04}".format, st.sampled_from([212, 415, 510]), st.integers(0, 9999)),
    st.builds("+447700900{:03}".format, st.integers(0, 999)),
    st.builds("+331990{:05}".format, st.integers(0, 99999)),
)
SPACES = st.sampled_from(["", " ", "  ", "-", ".", "\u00a0", "\u2011", "\u2009", "\u200e"])
AROUND = st.sampled_from(
    (
        "{}", " {} ", "({})", "{}.", "{}?", "\t{}\n", "\u200e{}\u200f", "<{}>", "{},", "“{}”",
        "he called from {} twice", "his number: {}, ask for me", "{} (Oakland)", "is it {}?",
        "510 555 0999, {}", "{}\n+44 7700 900999", "call Tony\n{}",
    )
)  # fmt: skip
CODES = ("+1", "+44", "+33")
LOOKALIKES = str.maketrans("ABEKMHOPCTYX", "АВЕКМНОРСТУХ")  # Cyrillic
WIDE = str.maketrans({chr(sign): chr(sign + 0xFEE0) for sign in range(0x21, 0x7F)})
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


@st.composite
def numbers(draw: st.DrawFn) -> tuple[Value, str]:
    norm = draw(PHONES)
    code = next(code for code in CODES if norm.startswith(code))
    rest = norm.removeprefix(code)
    cuts = sorted(draw(st.sets(st.integers(1, len(rest) - 1), max_size=3)))
    parts = [rest[a:b] for a, b in zip([0, *cuts], [*cuts, None], strict=True)]
    trunk = "" if code == "+1" else "0"
    start = draw(st.sampled_from([code, f"00{code[1:]}", f"011 {code[1:]}", trunk, f"{code} "]))
    typed = start + draw(SPACES).join(parts)
    return ("phone", norm), draw(st.sampled_from([typed, typed.translate(ARABIC)]))


@st.composite
def plates(draw: st.DrawFn) -> tuple[Value, str]:
    letters = draw(st.text("ABEKMHOPCTYX", min_size=3, max_size=3))
    digits = f"{draw(st.integers(1, 999)):03}"
    forms = [
        f"{letters}{digits}",
        f"{letters}-{digits}",
        f"{letters} {digits}",
        f"US:{letters}{digits}",
        f"US-{letters}{digits}",
        f"US {letters} {digits}",
    ]
    typed = draw(st.sampled_from([*forms, forms[0].lower(), forms[0].translate(WIDE)]))
    return ("plate", f"US:{letters}{digits}"), typed


@st.composite
def handles(draw: st.DrawFn) -> tuple[Value, str]:
    name = draw(st.sampled_from(["abby_x", "tom9", "user77", "us_man", "kim.lee"]))
    forms = [f"telegram:{name}", f"tg: @{name}", f"@{name} on Telegram", f"https://t.me/{name}",
             f"@{name}", name.upper() + " (telegram)", f"t.me/{name}"]  # fmt: skip
    return ("handle", f"telegram:{name}"), draw(st.sampled_from(forms))


@st.composite
def addresses(draw: st.DrawFn) -> tuple[Value, str]:
    name = draw(st.sampled_from(["abby", "tom.x9", "us"]))
    if draw(st.booleans()):
        forms = [
            f"{name}@example.org",
            f"{name.title()}+tag@Example.ORG",
            f"mailto:{name}@example.org",
        ]
        return ("email", f"{name}@example.org"), draw(st.sampled_from(forms))
    forms = [f"https://www.example.com/u/{name}/", f"example.com/u/{name.upper()}"]
    return ("profile", f"example.com/u/{name}"), draw(st.sampled_from(forms))


def codes_of(held: Collection[Value]) -> set[str]:
    return {calling_code(norm) for kind, norm in held if kind == "phone"}


def slow(question: Question, held: Collection[Value]) -> set[Value]:
    """What every reading finds where each is held against every value."""
    exact = {(each.kind, each.norm) for each in question.sought} & set(held)
    all_found = set(exact)
    for kind, norm in held:
        words = any(w.kind == kind and w.judge(norm) for w in question.words)
        scans = any(
            s.kind == kind and s.needle in norm and s.judge(norm)
            for s in question.scans
            if not (s.fallback and exact and not question.several)
        )
        part = kind == "plate.part" and (
            any(fits_plate(norm, plate) for plate in question.plates)
            or any(may_be_same(norm, part) for part in question.plate_parts)
        )
        if words or scans or part:
            all_found.add((kind, norm))
    return all_found


@given(st.one_of(numbers(), plates(), handles(), addresses()), AROUND)
def test_an_identifier_is_found_in_every_way_of_writing_it(
    case: tuple[Value, str], around: str
) -> None:
    value, written = case
    held = {value, ("phone", "+15105550999"), ("phone", "+447700900999")}
    question = parse_question(around.format(written), "US", codes_of(held))
    assert value in slow(question, held)


NAMES = ["tony", "tony from b", "us", "gus", "big tony", "abby", "telegram", "josé", "us:7abc271"]
HELD = st.one_of(
    st.tuples(st.just("phone"), PHONES),
    st.tuples(
        st.just("phone"),  # numbers that hold another one
        st.builds("+44141555501{:02}{}".format, st.integers(0, 99), st.sampled_from(["", "7"])),
    ),
    st.tuples(st.just("name"), st.sampled_from(NAMES)),
    st.tuples(
        st.just("handle"),
        st.sampled_from(["telegram:abby_x", "x:tony", "us:gus", "x:7abc271", "x:telegram"]),
    ),
    st.tuples(st.just("email"), st.sampled_from(["abby@example.org", "us:7abc271@example.org"])),
    st.tuples(
        st.just("plate"), st.sampled_from(["US:7ABC271", "FR:7ABC271", "GB:TONY", "US:0142"])
    ),
    st.tuples(st.just("plate.part"), st.sampled_from(["*271", "7A?C*", "A?B?", "*US*", "*01*"])),
    st.tuples(st.just("profile"), st.sampled_from(["example.com/u/tony", "example.org/us"])),
    st.tuples(st.just("phone.masked"), st.sampled_from(["+1*******142", "+44*******123"])),
    st.tuples(st.just("handle.masked"), st.just("telegram:ab***")),
)
TYPED = st.one_of(
    PHONES,
    st.builds("+1 415 555 01{:02}".format, st.integers(0, 99)),
    st.builds("415 555 01{:02}".format, st.integers(0, 99)),
    st.builds("+415 555 01{:02}".format, st.integers(0, 99)),
    st.builds("01{:02}".format, st.integers(0, 99)),
    st.sampled_from(["US:7ABC271", "7abc 271", "FR:7ABC271", "7A?C*", "ends in 271", "tony", "us"]),
    st.sampled_from(["telegram:abby_x", "us:gus", "us:tony", "@abby_x", "Gus", "X:Tony", "abby"]),
    st.sampled_from(["abby@example.org", "example.com/u/tony", "telegram: José", "José x9"]),
    st.sampled_from(["call Tony +1 415 555 0142", "us 7ABC271, Gus", "x 0142 / 0123"]),
)


@SLOW
@given(
    st.sets(HELD, min_size=10, max_size=30), st.lists(TYPED, min_size=30, max_size=40),
)  # fmt: skip
def test_a_quick_search_finds_all_that_a_slow_one_finds(
    tmp_path: Path, held: set[Value], texts: list[str]
) -> None:
    async def run() -> None:
        async with one_node(tmp_path / "node") as node:
            alerts = await hold(node, held)
            for typed in texts:
                codes = node.identifiers.calling_codes()
                try:
                    question = parse_question(typed, node.settings.country, codes)
                except BadField:
                    continue
                wanted = {alerts[value] for value in slow(question, held)}
                assert wanted <= await found(node, typed), typed

    asyncio.run(run())


# Few digits, so that a part stands at the beginning, in the middle and at the end of numbers.
LIKE_PHONES = st.builds(
    "+{}{}".format, st.sampled_from("149"), st.text("149", min_size=6, max_size=10)
)
LIKE_PLATES = st.builds(
    "{}:{}".format, st.sampled_from(["US", "FR"]), st.text("AS1", min_size=2, max_size=6)
)


@SLOW
@given(
    st.lists(
        st.tuples(st.just("phone"), st.sets(LIKE_PHONES, min_size=5, max_size=30))
        | st.tuples(st.just("plate"), st.sets(LIKE_PLATES, min_size=5, max_size=30)),
        min_size=4,
        max_size=4,
    )
)
def test_signs_are_found_wherever_in_a_value_they_stand(
    tmp_path: Path, steps: list[tuple[str, set[str]]]
) -> None:
    async def run() -> None:
        async with one_node(tmp_path / "node") as node:
            for kind, values in steps:
                await hold(node, [(kind, value) for value in values])
                await node.identifiers.load()
                signs = {value: value.lstrip("+").rpartition(":")[2] for value in values}
                ends = range(14)
                parts = {n[a:b] for n in signs.values() for a in ends for b in ends} - {""}
                for part in parts:
                    wanted = {value for value in values if part in signs[value]}
                    found = set(node.identifiers.holding(kind, part, 1000))
                    assert {value for value in found if part in signs[value]} == wanted

    asyncio.run(run())


def memory(node: Node) -> set[Any]:
    """Every text under which something is found in memory at once."""
    lines = node.identifiers._lines  # what a purge must leave nothing of
    return {
        (kind, key, norm, 1 if isinstance(values, str) else values[norm])
        for kind, keys in (lines.keyed.items() if lines else ())
        for key, values in keys.items()
        for norm in ([values] if isinstance(values, str) else values)
    }


@SLOW
@given(st.lists(st.sets(HELD, max_size=12), min_size=2, max_size=4))
def test_memory_holds_after_each_change_what_it_would_hold_read_anew(
    tmp_path: Path, steps: list[set[Value]]
) -> None:
    def change(connection: Connection, before: set[Value], after: set[Value]) -> None:
        rows = [{"b_norm": n, "b_kind": k, "b_record": 1} for k, n in before]
        if rows:
            connection.execute(_UNINDEX, rows)
        for kind, norm in after:
            reindex(connection, index_rows(1, {kind: [norm]}))

    async def run() -> None:
        async with one_node(tmp_path / "node") as node:
            await hold(node, set())
            await node.identifiers.load()
            before: set[Value] = set()
            for after in [*steps, set()]:
                await node.change(change, before, after)
                assert node.identifiers.is_loaded
                changed = (
                    memory(node),
                    sorted(node.identifiers.all_of("phone") + node.identifiers.all_of("name")),
                )
                node.identifiers.forget()
                await node.identifiers.load()
                anew = (
                    memory(node),
                    sorted(node.identifiers.all_of("phone") + node.identifiers.all_of("name")),
                )
                assert changed == anew
                before = after
            assert not memory(node)

    asyncio.run(run())
