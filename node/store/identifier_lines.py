"""How identifiers lie in memory: lines of text in pages, and keys for what is asked for by words.

A part of a value is sought in the text of its leaf's pages, at memory speed. Two things make that
less: a whole word of a name, the name in a handle, or two signs of a part of a plate is a key; and
numbers and plates are paged by length and by how they end, so that most of one is sought only in
those that end as it may. What has keys stands once, whoever has it; of anything else there is a
line for each record. Masked forms and tokens are asked for as wholes only, and are not here.

Changed in the writer's thread, read in any: what is read is copied in one step.
"""

import re
from collections.abc import Collection, Iterable
from zlib import crc32

from protocol.errors import IdentifierError
from protocol.identifiers import calling_code

SOUGHT = frozenset({"phone", "email", "handle", "plate", "profile", "name", "plate.part"})
PAGES = 32  # a change touches one of them
END = b"\xff"  # a byte that no UTF-8 text holds, so that a value is always one line
_WORD = re.compile(r"\w+")
# What stands before the signs of a value (+, US:), and by how many of its last ones it is paged.
_ENDS = {"phone": (1, 2), "plate": (3, 1)}

Row = tuple[str, str]  # leaf name, normal form


class Lines:
    """All values."""

    def __init__(self) -> None:
        self.pages: dict[str, dict[int, dict[bytes, bytearray]]] = {}
        self.calling: set[str] = set()  # of all numbers that there ever were
        # By leaf and by what `_keys` gives: one value that one record has, or how many have each.
        self.keyed: dict[str, dict[str, str | dict[str, int]]] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Add the values of records; leaves that are not sought here are passed over."""
        for kind, norm in rows:
            if kind in ("phone", "phone.masked"):
                self.calling.add(_calling_code(norm))
            if kind not in SOUGHT:
                continue
            known = [self._add_key(kind, key, norm) for key in _keys(kind, norm)]
            if not any(known):
                line = norm.encode()
                pages = self.pages.setdefault(kind, {}).setdefault(_length(kind, line), {})
                page = _page(kind, line)
                if page not in pages:
                    pages[page] = bytearray(END)
                pages[page] += line + END

    def remove(self, rows: Iterable[Row]) -> None:
        """Remove values of records, each from one; what is not here is passed over."""
        for kind, norm in rows:
            left = [self._remove_key(kind, key, norm) for key in _keys(kind, norm)]
            if any(left):
                continue
            line = norm.encode()
            page = self.pages.get(kind, {}).get(_length(kind, line), {}).get(_page(kind, line))
            at = -1 if page is None else page.find(END + line + END)
            if page is not None and at >= 0:
                del page[at : at + len(line) + 1]

    def _add_key(self, kind: str, key: str, norm: str) -> bool:
        """Count a value under a key; whether it was there before."""
        keys = self.keyed.setdefault(kind, {})
        known = keys.get(key)
        if known is None:
            keys[key] = norm
            return False
        if isinstance(known, str):
            known = keys[key] = {known: 1}
        known[norm] = known.get(norm, 0) + 1
        return known[norm] > 1

    def _remove_key(self, kind: str, key: str, norm: str) -> bool:
        """Count a value under a key one less; whether any record still has it."""
        keys = self.keyed.get(kind, {})
        known = keys.get(key)
        if known == norm:
            del keys[key]
        elif isinstance(known, dict) and norm in known:
            known[norm] -= 1
            if known[norm]:
                return True
            del known[norm]
            if not known:
                del keys[key]
        return False

    def of(self, kind: str, needle: bytes = b"", least: int = 0) -> list[bytearray]:
        """The pages of a leaf that may hold a value of `least` bytes or more with the needle."""
        found: list[bytearray] = []
        # At once, here and below: a commit may add some meanwhile.
        for length, pages in list(self.pages.get(kind, {}).items()):
            if length and length < max(len(needle), least):
                continue
            ends = self._ends(kind, length, needle)
            if ends is None:
                found += list(pages.values())
            else:
                found += [page for end, page in list(pages.items()) if end.startswith(ends)]
        return found

    def _ends(self, kind: str, length: int, needle: bytes) -> tuple[bytes, ...] | None:
        """How the ends of values of a length begin that hold these signs; None: anyhow.

        So many signs may stand behind them as are left beside what stands before; and one fewer
        where a number cannot begin with them, since no calling code does.
        """
        if kind not in _ENDS or not needle.isalnum():
            return None
        before, last = _ENDS[kind]
        behind = length - before - len(needle)
        if kind == "phone":
            text, codes = needle.decode(), tuple(self.calling)
            if not any(text.startswith(code) or code.startswith(text) for code in codes):
                behind -= 1
        if behind >= last or len(needle) < last:
            return None
        return tuple(needle[len(needle) - last + more :] for more in range(behind + 1))

    def of_key(self, kind: str, key: str) -> list[str]:
        """The different values under a key; a copy, whole at one moment."""
        known = self.keyed.get(kind, {}).get(key, ())
        return [known] if isinstance(known, str) else list(known)


def runs(signs: str) -> set[str]:
    """Each two known signs in a row."""
    pairs = {signs[i : i + 2] for i in range(len(signs) - 1)}
    return {pair for pair in pairs if pair.isalnum()}


def _length(kind: str, line: bytes) -> int:
    """The length by which a value's page is chosen; 0 where that does not matter."""
    return len(line) if kind in _ENDS else 0


def _page(kind: str, line: bytes) -> bytes:
    """Which page of its leaf and length a value is in."""
    if kind in _ENDS:
        return line[-_ENDS[kind][1] :]
    return bytes([crc32(line) % PAGES])


def _calling_code(norm: str) -> str:
    """The calling code of a number, whole or masked; empty where it has none."""
    try:
        return calling_code(norm.partition("*")[0])
    except IdentifierError:
        return ""


def _keys(kind: str, norm: str) -> Collection[str]:
    """Under what a value is found at once: words of a name, the name in a handle, signs."""
    match kind:
        case "name":
            return set(_WORD.findall(norm))
        case "handle":
            return (norm.partition(":")[2],)
        case "plate.part":
            return runs(norm) or ("",)
    return ()
