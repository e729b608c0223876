"""`python -m tests.bench [NAME…]`: the figures of speed and size, as ratios within one run.

Nothing else should run on the machine. `--gate` ends with 1 where a figure is worse than its bar by
more than the margin of `figure.MARGIN`.
"""

import argparse
import logging
import sys
import time
from importlib import import_module

from tests.bench.conditions import conditions
from tests.bench.figure import MARGIN, Figure
from tests.bench.scale import Scale
from tests.bench.yardstick import verify_rate

BENCHMARKS = {
    "ingest": "records a second from one origin and from several; bytes a record",
    "arrival": "published at one node until durable and visible at another",
    "checks": "is this known, over 100,000 alerts held",
    "starting": "the command line, and a node until it is ready",
    "memory": "a node at rest",
    "quiet": "a sync with nothing new against a bare POST",
    "catchup": "10,000 records over loopback",
    "singles": "single alerts over 16 connections, each answered after its commit",
    "deriving": "ledgers derived again from records and policy",
    "matching": "matching without seeing: evaluations, tokens, one question of 16",
    "pages": "pages for 50 members at once, beside a sync",
    "growth": "ingest and check by how much is held",
}


def main() -> int:
    """Run what was asked for; 0, or with --gate 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", epilog=_names())
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("names", nargs="*", metavar="NAME", help="all, if none is named")
    parser.add_argument("--full", action="store_true", help="the designed sizes; half an hour")
    parser.add_argument("--quick", action="store_true", help="try the harness; proves nothing")
    parser.add_argument("--gate", action="store_true", help=f"fail beyond {MARGIN} times a bar")
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    logging.disable(logging.CRITICAL)
    start = time.perf_counter()
    print(conditions(), flush=True)
    missed = sum(_run(name, Scale(asked.full, asked.quick)) for name in asked.names or BENCHMARKS)
    print(f"\n{time.perf_counter() - start:.0f} s. {_summary(missed)}")
    return 1 if asked.gate and missed else 0


def _run(name: str, scale: Scale) -> int:
    """Run one benchmark between two looks at the yardstick; how many figures a gate refuses."""
    before, start = verify_rate(), time.perf_counter()
    found: list[Figure] = import_module(f"tests.bench.{name}").figures(scale)
    after, took = verify_rate(), time.perf_counter() - start
    v = (before + after) / 2
    print(
        f"\n{name}: {BENCHMARKS[name]} (V {before:,.0f} before, {after:,.0f} after; {took:.0f} s)"
    )
    for figure in found:
        print(figure.line(), flush=True)
    return sum(figure.fails(v) for figure in found)


def _summary(missed: int) -> str:
    if not missed:
        return f"No figure is worse than {MARGIN} times its bar."
    return f"{missed} figure(s) worse than {MARGIN} times their bar."


def _names() -> str:
    return "\n".join(f"  {name:<10} {words}" for name, words in BENCHMARKS.items())


if __name__ == "__main__":
    sys.exit(main())
