"""How much text a workbook becomes when its cells are laid out, before a reader does so.

XLSX writes a text once and names it in each cell, ODS says that a cell is repeated: a kilobyte of
file can be gigabytes of cells. What is counted wrongly in a malformed file is counted as more.
"""

import re
from collections.abc import Iterator
from typing import Final

from node.desk.errors import ListTooLarge, UnreadableList

TEXT_MOST: Final = 128 * 1024 * 1024
_DAMAGED: Final = "the workbook is cut off or damaged: copy or export it again"
_NAME: Final = rb"""<(?:[^\s<>/:"'=]+:)?"""
_SHARED: Final = re.compile(_NAME + rb"sst[\s>]")
_STRING: Final = re.compile(_NAME + rb"si[\s/>]")
_ATTRIBUTES: Final = rb"""(?=[\s/>])((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>"""
_CELL: Final = re.compile(_NAME + rb"c" + _ATTRIBUTES)
_IS_SHARED: Final = re.compile(rb"""(?:^|\s)t\s*=\s*["']\s*s\s*["']""")
_WHICH: Final = re.compile(rb"\s*" + _NAME + rb"v(?:\s[^<>]*)?>\s*(\d{1,9})\s*<")
_ODS_TAG: Final = re.compile(_NAME + rb"(table-row|(?:covered-)?table-cell)" + _ATTRIBUTES)
_REPEATED: Final = re.compile(rb"""number-(?:rows|columns)-repeated\s*=\s*["']\s*(\d{1,9})""")
_END: Final = b"table-cell>"


def check_text(parts: Iterator[tuple[str, bytes]]) -> None:
    """Refuse a workbook whose cells hold more text than any list; `parts` are (name, bytes)."""
    strings: list[int] = []
    named: dict[int, int] = {}
    unknown = written = 0
    for name, part in parts:
        if name == "content.xml":
            written += _of_ods(part)
        elif _SHARED.search(part):
            starts = [match.start() for match in _STRING.finditer(part)]
            ends = [*starts[1:], len(part)]
            strings += [end - start for start, end in zip(starts, ends, strict=True)]
        else:
            for tag in _CELL.finditer(part):
                if not _IS_SHARED.search(tag[1]):
                    continue
                which = _WHICH.match(part, tag.end())
                if which is None:
                    unknown += 1
                else:
                    index = int(which[1])
                    named[index] = named.get(index, 0) + 1
    longest = max(strings, default=0)
    written += unknown * longest
    for index, times in named.items():
        written += times * (strings[index] if index < len(strings) else longest)
    if written > TEXT_MOST:
        raise ListTooLarge("the sheets hold more text than a list can: split the list")


def _of_ods(part: bytes) -> int:
    """The bytes of text of all cells, each as often as it and its row are repeated."""
    written, rows = 0, 1
    for tag in _ODS_TAG.finditer(part):
        found = _REPEATED.search(tag[2])
        times = int(found[1]) if found else 1
        if tag[1] == b"table-row":
            rows = times
            continue
        if tag[2].endswith(b"/"):
            continue
        end = part.find(_END, tag.end())
        if end < 0:
            raise UnreadableList(_DAMAGED)
        written += (end - tag.end()) * times * rows
        if written > TEXT_MOST:
            break
    return written
