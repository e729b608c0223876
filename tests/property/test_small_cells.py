"""No number below the minimum can be worked out from the figures that are shown."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from node.small_cells import Group, is_safe, shown_groups, total_of

Cell = tuple[str, str]
REGIONS, CODES = "ABC", "rstuvw"
cells = st.tuples(st.sampled_from(REGIONS), st.sampled_from(CODES))
tables = st.dictionaries(cells, st.integers(0, 30), max_size=18)
minima = st.integers(2, 20)


def groups_of(counts: dict[Cell, int], least: int) -> tuple[Group[Cell], ...]:
    return shown_groups(counts, {cell: cell[0] for cell in counts}, least)


def bounds(
    counts: dict[Cell, int], groups: tuple[Group[Cell], ...], least: int, cell: Cell
) -> tuple[int, int]:
    """What an adversary can bound a small cell by, who knows which cells are filled and which of
    them are small: the least and the most it can be.

    The groups do not overlap, so that the equation of its own group is all there is on a cell.
    """
    low, high = 1, least - 1
    for group in groups:
        if cell in group.cells:
            others = len(group.cells) - 1
            low = max(low, group.count - others * (least - 1))
            high = min(high, group.count - others)
    return low, high


@given(tables, minima)
def test_the_figures_are_true_and_none_is_small(counts: dict[Cell, int], least: int) -> None:
    groups = groups_of(counts, least)
    for group in groups:
        assert group.count == sum(counts[cell] for cell in group.cells) >= least
    inside = [cell for group in groups for cell in group.cells]
    assert len(inside) == len(set(inside))
    assert {cell for cell, count in counts.items() if count >= least} <= set(inside)
    assert total_of(groups) == sum(counts[cell] for cell in inside)


@given(tables, minima)
def test_every_small_cell_can_still_be_anything_small(counts: dict[Cell, int], least: int) -> None:
    groups = groups_of(counts, least)
    for cell, count in counts.items():
        if 0 < count < least:
            assert bounds(counts, groups, least, cell) == (1, least - 1)


@given(tables, minima)
def test_no_sum_or_difference_of_figures_isolates_a_small_part(
    counts: dict[Cell, int], least: int
) -> None:
    """Every set of cells whose number follows from the figures counts at least the minimum."""
    filled = [cell for cell, count in counts.items() if count]
    groups = groups_of(counts, least)
    rows = [[Fraction(cell in group.cells) for cell in filled] for group in groups]
    rank = rank_of(rows)
    for cell in filled:
        alone = [Fraction(other == cell) for other in filled]
        if rank_of([*rows, alone]) == rank:
            assert counts[cell] >= least


def rank_of(rows: list[list[Fraction]]) -> int:
    """The rank of a matrix, by elimination."""
    rows, rank = [list(row) for row in rows], 0
    width = len(rows[0]) if rows else 0
    for column in range(width):
        pivot = next((i for i in range(rank, len(rows)) if rows[i][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for i in range(rank + 1, len(rows)):
            factor = rows[i][column] / rows[rank][column]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[rank], strict=True)]
        rank += 1
    return rank


@given(minima)
def test_sums_that_pin_their_parts_are_not_shown(least: int) -> None:
    assert not is_safe([], least)
    assert not is_safe([least - 1], least)
    assert not is_safe([least - 1] * 2, least) or least == 2
    assert not is_safe([1] * least, least) or least == 2
