"""How the demo is told: numbered steps, short tables, colours on a terminal only.

With `--json` nothing is told; the facts of the steps are printed at the end. Words from an alert
pass `safe`, as in every other command.
"""

import sys
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.show import words
from cli.words import safe

PIPE_COLUMNS = 120
MOST_COLUMNS = 130
NARROW = 28

Cell = str | Text | None


class Screen:
    """Where the story is told."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        terminal = Console(highlight=False, markup=False, emoji=False)
        width = min(terminal.width, MOST_COLUMNS) if sys.stdout.isatty() else PIPE_COLUMNS
        self._console = Console(
            highlight=False, markup=False, emoji=False, width=width, quiet=silent
        )

    def step(self, number: int, title: str) -> None:
        """Begin a step."""
        self._console.print()
        self._console.print(Text(f"{number}  {title}", style="bold cyan"))

    def say(self, text: str, style: str = "") -> None:
        """Tell a paragraph."""
        self._console.print(
            Padding(Text(safe(text, lines=True), style=style), (0, 0, 0, 3), expand=False)
        )
        self._flush()

    def good(self, text: str) -> None:
        """Tell something that was checked and holds."""
        line = Text.assemble(("✓ ", "bold green"), safe(text))
        self._console.print(Padding(line, (0, 0, 0, 3), expand=False))
        self._flush()

    def command(self, text: str) -> None:
        """Show a command to copy, never broken into lines."""
        self._console.print(Text(f"   {safe(text)}"), soft_wrap=True)

    def table(
        self, heads: Sequence[str], rows: Sequence[Sequence[Cell]], *, narrow: Sequence[int] = ()
    ) -> None:
        """Show rows; a cell may have lines, and `narrow` columns leave their room to others."""
        table = Table(box=SIMPLE, pad_edge=False, show_edge=False)
        for at, head in enumerate(heads):
            most = NARROW if at in narrow else None
            table.add_column(head, overflow="fold", header_style="bold", max_width=most)
        for row in rows:
            table.add_row(*(_cell(each) for each in row))
        self._console.print(Padding(table, (0, 0, 1, 3), expand=False))
        self._flush()

    def _flush(self) -> None:
        if not self._silent:
            sys.stdout.flush()


def _cell(value: Cell) -> Text:
    if isinstance(value, Text):
        return value
    return Text(safe(value, lines=True) if value else "–")


def with_rules(value: Any, rules: Sequence[str]) -> Text:
    """A value, and under it the rules that kept more of it back."""
    shown = Text("–" if value is None else words(value), style="" if rules else "green")
    for rule in rules:
        shown.append(f"\n{rule}", style="dim yellow")
    return shown
