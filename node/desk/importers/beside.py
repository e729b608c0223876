"""What stands beside a number in a cell of numbers: a handle, which is taken or doubted.

Invariant: nothing by which he can be known is dropped from a cell without a word. On the spine:
a cell of `phone` → (here, `identifiers`) → row.
"""

import re
from typing import Final

from node.desk.importers.identifiers import SERVICES, read_handles
from node.desk.importers.readings import Reading, unique

_SERVICE: Final = "|".join(s for s in SERVICES if len(s) > 1)
_NAMED: Final = re.compile(
    rf"\b({_SERVICE})\b(?:\s*[:=]\s*@?|\s+@)([A-Za-z_][\w.]{{2,}})", re.IGNORECASE
)
_BARE: Final = re.compile(r"(?<![\w@.])@[A-Za-z_][\w.]{2,}")
_LOOSE: Final = re.compile(r"(?<![\w@.])(?=\w*[A-Za-z])(?=\w*[\d_])[A-Za-z_][\w.]{3,}(?![\w@])")
_EXTENSION: Final = re.compile(r"(?:e?xt?|poste|p)\d+", re.IGNORECASE)


def handles_beside(cell: str) -> tuple[str, Reading]:
    """Return the cell without its handles, and what these are; none of a known service: a doubt."""
    values: list[str] = []
    doubts: list[tuple[str, str, str]] = []
    for match in _NAMED.finditer(cell):
        reading = read_handles(f"{match.group(1)}:{match.group(2)}", None)
        values.extend(reading.values)
        doubts.extend(reading.doubts)
    rest = _NAMED.sub(" ", cell)
    for pattern in (_BARE, _LOOSE):
        for text in pattern.findall(rest):
            if not _EXTENSION.fullmatch(text):
                why = "which service is this handle on? write service:name"
                doubts.append((text, "", why))
                rest = rest.replace(text, " ")
    return rest, Reading(unique(values), (), tuple(doubts))
