"""Headers of two lines, as merged cells leave them: "Client" over "Phone, Name" and again for hers.

Decides which two lines belong together and whose the columns below a group are. Invariant: a
column that its group says is the reporter's never keeps a bare header. On the spine: grid →
`header` → (here) → table.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from node.desk.importers.guess_header import header_field, is_clients
from node.desk.importers.mapping import REPORTER
from node.desk.importers.words import plain

_LABEL: Final = 40
_LABEL_WORDS: Final = 4  # longer is a title of the list, whatever it speaks of
# Below a group these are whoever's the group is; a date or a place is the incident's.
_SOMEBODYS: Final = frozenset(
    {"phone", "email", "handle", "name", "profile", "identifiers", "description", "notes", REPORTER}
)
_Cells = Sequence[str]


def whole_header(
    lines: Sequence[tuple[int, _Cells]], best: int, is_data: Callable[[str], bool]
) -> tuple[tuple[str, ...], int]:
    """Return the header that line `best` is (a part of), and the index of the first row below it.

    `is_data` says of a cell that it is a number, a date or an address, which no header holds.
    """
    names = lines[best][1]
    if best + 1 < len(lines) and _goes_on(names, lines[best + 1][1], is_data):
        return _joined(names, lines[best + 1][1]), best + 2
    if best > 0 and _is_group(lines[best - 1][1], names, is_data):
        return _joined(lines[best - 1][1], names), best + 1
    return tuple(names), best + 1


def _is_group(above: _Cells, names: _Cells, is_data: Callable[[str], bool]) -> bool:
    """A line of few short words over a header; a title stands alone over the first column."""
    filled = [i for i, cell in enumerate(above) if cell]
    if not filled or filled == [0]:
        return False
    if any(is_data(above[i]) or len(above[i]) > _LABEL for i in filled):
        return False
    return len(filled) < sum(map(bool, names)) or any(not cell for cell in names[: len(above)])


def _goes_on(names: _Cells, below: _Cells, is_data: Callable[[str], bool]) -> bool:
    """The next line is the second half of a header: known words where the first has a gap."""
    filled = [i for i, cell in enumerate(below) if cell]
    if len(filled) < 2 or any(is_data(below[i]) or len(below[i]) > _LABEL for i in filled):
        return False
    if not any(not _at(names, i) for i in filled):
        return False
    found = [header_field(below[i]) for i in filled]
    known = [f for f in found if f is not None and f[1] and not f[0].startswith("flag.")]
    return len(known) >= max(2, len(filled) * 0.6)


def _joined(group: _Cells, names: _Cells) -> tuple[str, ...]:
    header: list[str] = []
    label = ""
    for index in range(max(len(group), len(names))):
        own, name = _at(group, index), _at(names, index)
        label = "" if len(own.split()) > _LABEL_WORDS else own or label
        if not name:
            header.append(own)
        elif label and _says_whose(label, name):
            header.append(f"{label}: {name}")
        else:
            header.append(name)
    return tuple(header)


def _says_whose(label: str, name: str) -> bool:
    of_label, of_name = header_field(label), header_field(name)
    if of_label is not None and of_label[0] == REPORTER:
        return True
    if is_clients(plain(name)):
        return False
    somebodys = of_name is not None and (
        of_name[0] in _SOMEBODYS or (is_clients(plain(label)) and of_name[0].startswith("person"))
    )
    return somebodys and not re.fullmatch(r"[\W\d_]*", label)


def _at(cells: _Cells, index: int) -> str:
    return cells[index] if index < len(cells) else ""
