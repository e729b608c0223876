"""How large a run is: small enough for two quiet cores and six minutes, or as large as designed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """`full` takes half an hour; `quick` is to try the harness and proves nothing."""

    full: bool = False
    quick: bool = False

    def of(self, usual: int, full: int, quick: int) -> int:
        """A size at this scale."""
        return full if self.full else quick if self.quick else usual
