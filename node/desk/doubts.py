"""A doubt: something in a draft that a person should look at before it is published.

Invariant: no doubt where the reading was certain, or people stop reading them. A *blocking* doubt
keeps a draft out of `publish --all`; the others are shown. On the spine: report → (desk) → alert.
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt: where it stands, the original words, what was made of them, and why it is doubted.

    `row` is the row number that a spreadsheet shows (the first line is 1; 0 = not from a list);
    `column` the header as written. `text` and `guess` may quote the report: never log them.
    """

    row: int
    column: str
    text: str = field(repr=False)
    guess: str = field(repr=False)
    blocking: bool
    reason: str

    def at(self, row: int, column: str = "") -> "Doubt":
        """Return the same doubt, placed at `row` and, if given, `column`."""
        return replace(self, row=row, column=column or self.column)
