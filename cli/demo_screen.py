"""How the demo is told: numbered steps, short tables, colours on a terminal only.

With `--json` nothing is told; the facts of the steps are printed at the end. Words from an alert
pass `safe`, as in every other command.
"""

import sys
from collections.abc import Sequence

from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cli.words import safe

PIPE_COLUMNS = 120
MOST_COLUMNS = 130
PROSE_COLUMNS = 96
NARROW = 28

Cell = str | Text | None


class Screen:
    """Where the story is told."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._coloured = self._console.is_terminal
        most = MOST_COLUMNS if self._coloured else PIPE_COLUMNS
        self._console.width = min(self._console.width, most) if self._coloured else most

    @property
    def width(self) -> int:
        """How many columns there are."""
        return self._console.width

    def step(self, number: int, title: str) -> None:
        """Begin a step."""
        self._print(Text(f"\n{number}  {title}", style="bold cyan"))

    def say(self, text: str, style: str = "") -> None:
        """Tell a paragraph."""
        self._print(_inset(Text(safe(text, lines=True), style=style)), most=PROSE_COLUMNS)

    def good(self, text: str) -> None:
        """Tell something that was checked and holds."""
        self._print(_inset(Text.assemble(("✓ ", "bold green"), safe(text))))

    def command(self, text: str) -> None:
        """Show a line to copy, never broken."""
        self._print(Text(f"   {safe(text)}"), whole=True)

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
        self._print(_inset(table, below=1))

    def _print(
        self, shown: RenderableType, *, whole: bool = False, most: int = MOST_COLUMNS
    ) -> None:
        if self._silent:
            return
        width = min(self.width, most)
        if self._coloured:
            self._console.print(shown, soft_wrap=whole, width=width)
        else:
            with self._console.capture() as captured:
                self._console.print(shown, soft_wrap=whole, width=width)
            print("\n".join(line.rstrip() for line in captured.get().split("\n")), end="")
        sys.stdout.flush()


def _inset(shown: RenderableType, *, below: int = 0) -> Padding:
    return Padding(shown, (0, 0, below, 3), expand=False)


def _cell(value: Cell) -> Text:
    if isinstance(value, Text):
        return value
    return Text(safe(value, lines=True) if value else "–")
