"""What a reading of a typed text is: a value or a part that is looked for, and how good a find is.

A text has several readings, gathered here in one `Readings`. Each tells how it is found in the
quickest way that still finds all of it: by the table, by a whole word in memory, or, where nothing
less will do, inside every value. Made by `node.number_readings`, `plate_readings` and
`word_readings`, looked up by `node.store.search`. Nothing here is ever logged.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

EXACT, WHOLE, NAME, MASKED, MASKED_ABROAD, START, PART = 100, 90, 80, 60, 55, 50, 40
"""How good a match is; two matches of one record count as the better one."""

Judge = Callable[[str], tuple[str, int] | None]


@dataclass(frozen=True, slots=True)
class Sought:
    """A value that is looked for in the table, and what finding it means."""

    kind: str
    norm: str = field(repr=False)
    why: str
    score: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A piece that is looked for inside all values of a leaf; `judge` says what a find means.

    `judge(value)` gives why and score, or None where the value does not fit after all. `fallback`:
    only where nothing was found by the whole. `beyond`: shorter values, and those of this many
    characters, cannot hold the piece, or are sought in the table already.
    """

    kind: str
    needle: str = field(repr=False)
    judge: Judge = field(repr=False)
    fallback: bool = False
    beyond: int = 0


@dataclass(frozen=True, slots=True)
class Word:
    """A whole word of a name, or the whole name of an account: looked up, nothing is scanned."""

    kind: str
    word: str = field(repr=False)
    judge: Judge = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReadAs:
    """One reading in the words of the person who asks; `sure` where the text can mean no less."""

    kind: str
    text: str = field(repr=False)
    sure: bool


@dataclass(slots=True)
class Readings:
    """Every reading of one identifier; of a whole text, by `add`."""

    sought: list[Sought] = field(default_factory=list, repr=False)
    scans: list[Scan] = field(default_factory=list, repr=False)
    words: list[Word] = field(default_factory=list, repr=False)
    plates: list[str] = field(default_factory=list, repr=False)
    plate_parts: list[str] = field(default_factory=list, repr=False)
    read_as: list[ReadAs] = field(default_factory=list, repr=False)

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return bool(self.sought or self.scans or self.words or self.plates or self.plate_parts)

    def add(self, other: "Readings") -> None:
        """Take over what is looked for, but not what it was read as."""
        self.sought += other.sought
        self.scans += other.scans
        self.words += other.words
        self.plates += other.plates
        self.plate_parts += other.plate_parts

    def note(self, kind: str, text: str, *, sure: bool = False) -> None:
        """Keep in which way the text was read."""
        self.read_as.append(ReadAs(kind, text, sure))

    def noted(self) -> list[ReadAs]:
        """What the text was read as: where one reading is sure, none of the weaker ones."""
        return [each for each in self.read_as if each.sure] or self.read_as


def inside(kind: str, needle: str) -> Judge:
    """Judge a value by where the needle stands in it."""

    def judge(value: str) -> tuple[str, int] | None:
        if value == needle:
            return f"{kind} exact", EXACT
        if value.startswith(needle):
            return f"{kind} start", START
        return (f"{kind} part", PART) if needle in value else None

    return judge
