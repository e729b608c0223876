"""A policy file in the blocks in which it was written: the words above, and the switches below.

The presets say in their comments why each block is as it is, and a keeper adds her own reasons. The
file is read as text for that; what counts is what `federation.policy` makes of it.
"""

import re
from dataclasses import dataclass

_TABLE = re.compile(r"\[([A-Za-z0-9_]+)\]\s*(?:#.*)?")
_KEY = re.compile(r"([A-Za-z0-9_]+)\s*=")


@dataclass(frozen=True, slots=True)
class Block:
    """Some switches, and what the file says above them."""

    reason: str
    switches: tuple[str, ...]


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a file in order; a switch that is not in the file is in none."""
    found: list[tuple[str, list[str]]] = []
    said: list[str] = []
    table, is_fresh = "", True
    for raw in text.splitlines():
        line = raw.strip()
        header = _TABLE.fullmatch(line)
        key = _KEY.match(line)
        if not line:
            is_fresh, said = True, []
        elif line.startswith("#"):
            if not is_fresh:  # words between two switches begin a block of their own
                is_fresh, said = True, []
            said.append(line.lstrip("#").strip())
        elif header:
            table = header[1] + "."
        elif key:
            if is_fresh:
                found.append((" ".join(said), []))
                is_fresh = False
            found[-1][1].append(table + key[1])
    return tuple(Block(reason, tuple(switches)) for reason, switches in found)
