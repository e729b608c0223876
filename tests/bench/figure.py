"""What a benchmark found: a value, its ratio to a yardstick of the same run, its bar."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

REFERENCE_V = 14_000  # the bars in seconds were set on machines like this
MARGIN = 1.25  # a gate must not fail by the noise of a shared machine


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report.

    `ratio` is the value in terms of `of`, measured beside it; `bar` is one of the ratio where there
    is one, else of the value itself. `timed` values on a slower machine are held to its own V.
    """

    what: str
    value: float
    unit: str
    ratio: float | None = None
    of: str = ""
    bar: float | None = None
    more_is_better: bool = False
    timed: bool = True
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def worse(self) -> float | None:
        """How many times worse than its bar: 1 or less is met. None without a bar."""
        if self.bar is None:
            return None
        found = self.value if self.ratio is None else self.ratio
        return self.bar / found if self.more_is_better else found / self.bar

    def fails(self, v: float) -> bool:
        """Whether a gate must stop here, on a machine that does `v` verifications a second."""
        worse = self.worse
        if worse is None:
            return False
        if self.timed and self.ratio is None:
            worse *= min(1.0, v / REFERENCE_V)
        return worse > MARGIN

    def line(self) -> str:
        """The figure for people."""
        text = f"  {self.what:<44} {_number(self.value):>9} {self.unit}"
        if self.low is not None and self.high is not None:
            text += f" ({_number(self.low)} to {_number(self.high)})"
        if self.ratio is not None:
            text += f" = {self.ratio:.3g} {self.of}"
        worse = self.worse
        if worse is not None and self.bar is not None:
            unit = self.of if self.ratio is not None else self.unit
            sign = "at least" if self.more_is_better else "at most"
            met = "met" if worse <= 1 else f"MISSED, {worse:.2f} times the bar"
            text += f"; bar {sign} {_number(self.bar)} {unit}: {met}"
        return text + (f"\n      {self.note}" if self.note else "")


def timed(
    what: str, seconds: Sequence[float], *, bar: float | None = None, unit: str = "ms",
    note: str = "",
) -> Figure:  # fmt: skip
    """The median of times, given in seconds and shown in s, ms or µs; the bar is in that unit."""
    scale = {"s": 1.0, "ms": 1e3, "µs": 1e6}[unit]
    each = [second * scale for second in seconds]
    return Figure(what, median(each), unit, bar=bar, low=min(each), high=max(each), note=note)


def rate(
    what: str, rates: Sequence[float], vs: Sequence[float], *, bar: float | None = None,
    unit: str = "records/s", note: str = "",
) -> Figure:  # fmt: skip
    """The median of rates, and of each one's ratio to the V that was measured around it."""
    ratios = [one / v for one, v in zip(rates, vs, strict=True)]
    return Figure(
        what, median(rates), unit, ratio=median(ratios), of="V", bar=bar, more_is_better=True,
        low=min(rates), high=max(rates), note=note,
    )  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
