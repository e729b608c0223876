"""How a result is shown: one JSON object for programs, tables for people, plain text in a pipe.

A command hands over the dict that the node returned and a function that lays it out. What to do
next goes to standard error: a pipe gets data only. Text of others passes `safe` in every layout.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cli.cli_state import Cli
from cli.words import safe, say

Result = Mapping[str, Any]
TERMS = ("audience", "print", "statistics", "police", "onward", "names")


def emit(cli: Cli, result: Result, layout: Callable[[Result], None], *, then: str = "") -> None:
    """Show a result, and to a person what to do next.

    `then` is the layout's own advice; a result may bring more under "next", as text or a list.
    """
    if cli.as_json:
        print(json.dumps(result))
        return
    layout(result)
    for note in result.get("notes") or []:
        say(f"Note: {note}")
    steps = result.get("next") or []
    steps = [steps] if isinstance(steps, str) else list(steps)
    advice = [*steps, *([then] if then else [])]
    if advice:
        sys.stdout.flush()
        say("\n".join(f"Next: {step}" for step in advice))


def words(value: Any) -> str:
    """Give one value as people read it: lists with commas, pairs with a colon, none as a dash."""
    match value:
        case None | "" | []:
            return "–"
        case bool():
            return "yes" if value else "no"
        case str():
            return safe(value)
        case float():
            return f"{value:.3g}"
        case list() | tuple():
            return ", ".join(words(each) for each in value)
        case dict() if value:
            return "; ".join(f"{safe(str(name))}: {words(each)}" for name, each in value.items())
        case dict():
            return "–"
        case _:
            return safe(str(value))


def duration(seconds: float | None) -> str:
    """Give a span of time in its largest unit: 40 s, 12 min, 31 h, 4 d."""
    if seconds is None:
        return "–"
    for limit, unit, size in ((120, "s", 1), (7200, "min", 60), (259_200, "h", 3600)):
        if seconds < limit:
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds // 86_400)} d"


def facts(result: Result, names: Iterable[str] | None = None) -> None:
    """Print `name: value` lines of a result's plain values."""
    chosen = list(result) if names is None else [name for name in names if name in result]
    rows = [(name.replace("_", " "), words(result[name])) for name in chosen if name != "next"]
    width = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        print(f"{safe(name) + ':':<{width + 1}} {value}")


def alert_fields(fields: Mapping[str, Any]) -> None:
    """Print the fields of an alert, with its terms spelt out."""
    shown = dict(fields)
    if isinstance(shown.get("terms"), list):
        shown["terms"] = dict(zip(TERMS, shown["terms"], strict=False))
    for name, value in shown.items():  # nobody reads a token
        if name.endswith(".token") and isinstance(value, list):
            shown[name] = f"{len(value)}, for matching only"
    facts(shown)


def present(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Give the columns that say something in at least one row."""
    return [name for name in columns if any(row.get(name) not in (None, "", 0) for row in rows)]


def short(org: Any) -> str:
    """Give the start of an organisation's or a key's id, enough to name it in a command."""
    return str(org or "")[:12]


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, none: str = "none") -> None:
    """Print rows as a table on a terminal, and as tab-separated lines with a head in a pipe."""
    heads = [column.replace("_", " ") for column in columns]
    cells = [[words(row.get(column)) for column in columns] for row in rows]
    if not sys.stdout.isatty():
        if rows:
            for cell in [heads, *cells]:
                print("\t".join(cell))
        else:
            say(none)
        return
    if not rows:
        print(none)
        return
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=SIMPLE, pad_edge=False)
    for head in heads:
        shown.add_column(head, overflow="fold")
    for cell in cells:
        shown.add_row(*(Text(each) for each in cell))
    Console(highlight=False, markup=False).print(shown)


def anything(result: Result) -> None:
    """Lay out any result: its plain values, then a table for each list of rows."""
    plain = {name: value for name, value in result.items() if not _is_rows(value)}
    facts({name: value for name, value in plain.items() if name != "next"})
    for name, value in result.items():
        if _is_rows(value) and name != "next":
            print(f"\n{safe(name.replace('_', ' '))}")
            columns = list(dict.fromkeys(column for row in value for column in row))
            table(value, columns)


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)
