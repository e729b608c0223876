"""What the readers of a cell give back: normal forms, and what is doubtful about them."""

from dataclasses import dataclass, field
from typing import Final

MOST: Final = 16  # as many as a field holds


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell holds: normal forms, and (original, guess, reason) for what is doubtful."""

    values: tuple[str, ...] = field(default=(), repr=False)
    parts: tuple[str, ...] = field(default=(), repr=False)
    doubts: tuple[tuple[str, str, str], ...] = field(default=(), repr=False)


def unique(values: list[str]) -> tuple[str, ...]:
    """Return the values once each, at most as many as a field holds."""
    return tuple(dict.fromkeys(values))[:MOST]
