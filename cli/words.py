"""People's text made safe for a terminal, and messages to the keeper.

Alerts carry text that others wrote. Control characters could drive the terminal, and bidirectional
controls could show a number in another order than it has; both are shown as what they are.
"""

import sys
import unicodedata

_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")  # Persian words and many emoji need them


def safe(text: str, *, lines: bool = False) -> str:
    """Show control, bidirectional and other invisible characters as `\\u202e` and the like.

    With `lines`, line feeds stay; else they become `⏎`, so that a cell of a table is one line.
    """
    out = []
    for letter in text:
        if letter == "\n":
            out.append("\n" if lines else " ⏎ ")
        elif letter in _JOINERS:
            out.append(letter)
        elif letter in _BIDI or unicodedata.category(letter) in _HIDDEN:
            out.append(
                f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"
            )
        else:
            out.append(letter)
    return "".join(out)


def say(text: str) -> None:
    """Tell the keeper something, on standard error: standard output holds data only."""
    print(safe(text, lines=True), file=sys.stderr)
