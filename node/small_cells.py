"""Which figures may be shown, so that no small number can be worked out from those that are.

Each alert stands in exactly one cell. What is shown is a partition of some of the cells into groups
that do not overlap: a cell alone where it is large enough, small ones of a region together, and
what is left of the regions together. There are no other totals. So whatever is added or subtracted
gives a union of groups, and each group counts at least the minimum. A group of small cells is shown
only where it leaves every one of them free between nothing and the minimum: two cells of nine each
would be known from their sum of eighteen, where ten is the least that is shown.
Published figures of a period never change (see `node.statistics`), so two reports say no more than
the larger of them.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Cell = TypeVar("Cell", bound=Hashable)

OTHER = "other"


@dataclass(frozen=True, slots=True)
class Group(Generic[Cell]):
    """Cells that are shown as one figure."""

    cells: tuple[Cell, ...]
    count: int


def shown_groups(
    counts: Mapping[Cell, int], families: Mapping[Cell, Hashable], least: int
) -> tuple[Group[Cell], ...]:
    """Group the cells that are not empty so that no figure below `least` can be worked out.

    `families` says which cells may stand together before all others do (those of one region).
    """
    filled = {cell: count for cell, count in counts.items() if count > 0}
    shown = [Group((cell,), count) for cell, count in filled.items() if count >= least]
    small = [cell for cell, count in filled.items() if count < least]
    left: list[Cell] = []
    for family in dict.fromkeys(families[cell] for cell in small):
        together = [cell for cell in small if families[cell] == family]
        if is_safe([filled[cell] for cell in together], least):
            shown.append(Group(tuple(together), sum(filled[cell] for cell in together)))
        else:
            left += together
    if is_safe([filled[cell] for cell in left], least):
        shown.append(Group(tuple(left), sum(filled[cell] for cell in left)))
    return tuple(shown)


def is_safe(small: Sequence[int], least: int) -> bool:
    """Whether the sum of these small cells (each 1…least-1) may be shown.

    It may where it is not small itself, and leaves each cell free from 1 to least-1: whoever knows
    which cells are filled, and that each is below `least`, learns no bound of any from it.
    """
    total, others = sum(small), len(small) - 1
    most_of_others, least_of_others = others * (least - 1), others
    return total >= least and total - most_of_others <= 1 and total - least_of_others >= least - 1


def total_of(groups: Iterable[Group[Cell]]) -> int:
    """What all shown groups count together: the only total there is."""
    return sum(group.count for group in groups)
