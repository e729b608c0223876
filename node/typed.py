"""What people type or paste, without what nobody can see.

A number pasted from a messenger often carries marks of direction; a name could carry some on
purpose, and show in another order than it has. Nothing of that is stored. What others signed is
left as it is, and made visible where it is shown (`cli.words`).
"""

import re
from typing import Final

_LINE_ENDS: Final = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
_HIDDEN: Final = re.compile(
    # controls, and NUL; soft hyphen; direction; zero width but for joiners, which words need
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb]"
)


def clean_text(text: str) -> str:
    """Strip what is invisible; line ends become line feeds, and outer space goes."""
    return _HIDDEN.sub("", _LINE_ENDS.sub("\n", text)).strip()


def clean_line(text: str) -> str:
    """Strip what is invisible, and write it on one line with single spaces."""
    return " ".join(clean_text(text).split())
