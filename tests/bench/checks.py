"""Check over 100,000 alerts held: exact values, parts, names, and what nobody knows.

Inside the node: from the call of the command to its answer, its trips to threads included. What is
asked is drawn from what is held, in equal shares of each kind.
"""

import asyncio
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sqlalchemy import select

from node.runtime import Node, open_node
from node.store.tables import identifiers
from tests.bench.figure import Figure, percentile, timed
from tests.bench.held import hold, phone, plate
from tests.bench.nodes import PASSPHRASE, make_node
from tests.bench.scale import Scale

EXACT_MS, PARTIAL_MS = 1.0, 10.0
ROUNDS = 5

Ask = Callable[[random.Random], str]


async def _held(node: Node, kind: str) -> list[str]:
    query = select(identifiers.c.norm).where(identifiers.c.kind == kind).order_by("norm")
    return await node.read(lambda connection: list(connection.execute(query).scalars()))


async def _questions(node: Node) -> dict[str, tuple[float, list[Ask]]]:
    """What is asked, by the name and bar of its figure."""
    phones, plates = await _held(node, "phone"), await _held(node, "plate")
    names, handles = await _held(node, "name"), await _held(node, "handle")

    def digits(chance: random.Random) -> str:
        length = chance.randrange(5, 8)
        number = chance.choice(phones)[2:]
        start = chance.randrange(len(number) - length + 1)
        return number[start : start + length]

    def signs(chance: random.Random) -> str:
        length = chance.randrange(3, 6)
        whole = chance.choice(plates)[3:]
        start = chance.randrange(len(whole) - length + 1)
        return f"*{whole[start : start + length]}*"

    exact: list[Ask] = [
        lambda chance: chance.choice(phones),
        lambda chance: chance.choice(plates),
        lambda chance: chance.choice(handles),
    ]

    def unknown(form: str) -> Ask:
        return lambda chance: form.format(chance.randrange(10**6))

    return {
        "check, exact, known": (EXACT_MS, exact),
        "check, exact number, known": (EXACT_MS, exact[:1]),
        "check, exact plate, known": (EXACT_MS, exact[1:2]),
        "check, exact handle, known": (EXACT_MS, exact[2:]),
        "check, exact number, unknown": (EXACT_MS, [phone]),
        "check, exact handle, unknown": (EXACT_MS, [unknown("telegram:nobody{}")]),
        "check, exact email, unknown": (EXACT_MS, [unknown("nobody{}@example.org")]),
        "check, plate with its country, unknown": (EXACT_MS, [plate]),
        "check, plate without its country, unknown": (
            PARTIAL_MS,
            [lambda chance: plate(chance)[3:]],
        ),
        "check, number without its country": (PARTIAL_MS, [lambda c: c.choice(phones)[2:]]),
        "check, number without its country, unknown": (
            PARTIAL_MS,
            [lambda chance: phone(chance)[2:]],
        ),
        "check, 5 to 7 digits of a number": (PARTIAL_MS, [digits]),
        "check, the last 4 digits": (PARTIAL_MS, [lambda chance: chance.choice(phones)[-4:]]),
        "check, 3 to 5 signs of a plate": (PARTIAL_MS, [signs]),
        "check, a name": (PARTIAL_MS, [lambda c: c.choice(names), lambda c: c.choice(names)[:5]]),
    }


async def _figure(
    node: Node, what: str, bar: float, asks: list[Ask], each: int, chance: random.Random
) -> Figure:
    tails, middles, hits = [], [], 0
    for _ in range(ROUNDS):
        times = []
        for at in range(each):
            text = asks[at % len(asks)](chance)
            start = time.perf_counter()
            found = await node.dispatch("check", {"text": text})
            times.append(time.perf_counter() - start)
            hits += len(found["matches"]) + found["more"]
        tails.append(percentile(times, 0.95))
        middles.append(median(times))
    middle = f"p50 {median(middles) * 1e3:.2f} ms, in the best round {min(middles) * 1e3:.2f}"
    note = f"{middle}; {hits / each / ROUNDS:.1f} matches a question"
    return timed(f"{what}, p95", tails, bar=bar, note=note)


async def _run(folder: Path, held: int, each: int) -> list[Figure]:
    async with open_node(make_node(folder), PASSPHRASE) as node:
        await hold(node, held)
        questions = await _questions(node)
        start = time.perf_counter()
        await node.dispatch("check", {"text": "+12955550100"})
        first = time.perf_counter() - start
        found = [timed(f"first check of {held:,}: values into memory", [first])]
        chance = random.Random(7)
        for what, (bar, asks) in questions.items():
            await _figure(node, what, bar, asks, 10, chance)
            found.append(await _figure(node, what, bar, asks, each, chance))
        return found


def figures(scale: Scale) -> list[Figure]:
    """The 95th percentile of each kind of question."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        held = scale.of(100_000, 1_000_000, 2_000)
        return asyncio.run(_run(Path(name), held, scale.of(100, 200, 20)))
