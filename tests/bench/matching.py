"""Matching without seeing: what an origin answers in a second, and what a question costs.

The group is measured as a libsodium of the system has it and as PyNaCl's has it: a node uses the
first where there is one. Then whole questions to a serving node over loopback: blinded, sealed,
counted in a commit, evaluated, unblinded.
"""

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from keys.oprf import blind_all, derive_key, evaluate_all, finalize_all, own_token, token_input
from keys.ristretto import Group, best_group, multiplied, system_group
from keys.ristretto_edwards import EdwardsRistretto
from node.exchange import exchange_of
from node.match_asking import Identifier, ask_origin
from node.runtime import open_node
from node.store.peers import all_peers
from protocol.limits import MATCH_ITEMS
from tests.bench.arrival import two_nodes
from tests.bench.figure import Figure, rate, timed
from tests.bench.nodes import PASSPHRASE, Serving
from tests.bench.scale import Scale
from tests.bench.yardstick import beside

RUNS = 5
KEY = derive_key(os.urandom(32))


def _rates(what: str, work: Callable[[], object], each: int) -> Figure:
    """The rate of `work`, over runs of `each` calls."""

    def run() -> float:
        start = time.perf_counter()
        for _ in range(each):
            work()
        return each / (time.perf_counter() - start)

    found = [beside(run) for _ in range(RUNS)]
    return rate(what, [one for one, _ in found], [v for _, v in found], unit="/s")


def _evaluations(name: str, group: Group, each: int) -> Figure:
    element = group.from_hash(os.urandom(64))
    return _rates(
        f"evaluations, {name}", lambda: multiplied(group, KEY.of("phone").secret, element), each
    )


def _questions(count: int) -> list[Figure]:
    """The asker's part and the origin's of one full question."""
    items = [token_input("phone", f"+1510555{number:04}") for number in range(MATCH_ITEMS)]
    asking, answering = [], []
    for _ in range(count):
        start = time.perf_counter()
        blinds = blind_all(items, os.urandom)
        asked = time.perf_counter()
        answers = evaluate_all(KEY.of("phone"), [blinded.element for blinded in blinds])
        answered = time.perf_counter()
        finalize_all(items, blinds, answers)
        asking.append(asked - start + time.perf_counter() - answered)
        answering.append(answered - asked)
    return [
        timed(f"{MATCH_ITEMS} identifiers, the asker's part", asking),
        timed(f"{MATCH_ITEMS} identifiers, the origin's part", answering),
    ]


def figures(scale: Scale) -> list[Figure]:
    """Evaluations and own tokens a second, and one full question."""
    each, system, best = scale.of(2_000, 20_000, 50), system_group(), best_group()
    found = [] if system is None else [_evaluations("the system's libsodium", system, each)]
    found.append(_evaluations("PyNaCl's", EdwardsRistretto(), each // 5))
    which = "PyNaCl's" if best is not system or system is None else "the system's libsodium"
    token = _rates(
        f"own tokens, {which}", lambda: own_token(KEY, "phone", "+15105550189"), each // 2
    )
    wire = _over_the_wire(scale.of(50, 200, 3))
    return [*found, token, *_questions(scale.of(100, 1_000, 5)), wire]


def _over_the_wire(each: int) -> Figure:
    """The identifiers that one asker has evaluated a second by a node in another process."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        asking, answering = two_nodes(Path(name))
        settings = answering / "settings.toml"
        text = settings.read_text("utf-8").replace("match_quota = 300", "match_quota = 100000")
        settings.write_text(text, "utf-8")
        with Serving(answering):
            return asyncio.run(_asked(asking, each))


async def _asked(home: Path, each: int) -> Figure:
    wanted = [Identifier("phone", f"+1510555{number:04}") for number in range(MATCH_ITEMS)]
    rates = []
    async with open_node(home, PASSPHRASE) as node, exchange_of(node) as exchange:
        (peer,) = await node.read(all_peers)
        for _ in range(RUNS):
            start = time.perf_counter()
            for _ in range(each):
                tokens = await ask_origin(node, exchange, peer, wanted)
                assert not tokens.reason, tokens.reason
            rates.append(each * MATCH_ITEMS / (time.perf_counter() - start))
    what = "identifiers asked about over loopback, 16 a question"
    return Figure(what, median(rates), "/s", low=min(rates), high=max(rates))
