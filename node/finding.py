"""One thing that a keeper should know of: in a sentence, and as a code for whoever words it anew.

`status` and `doctor` say the sentences; the pages have words of their own for each code, in the
keeper's language (`node.web.house_words`). A test holds that every code has some.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

About = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that will go wrong, or has, and what to do.

    `about` is what the sentence counts and names. A key that ends with `_us` is a moment in
    microseconds since 1970, with `_day` a day of ISO 8601, with `_span` a length in microseconds.
    """

    what: str
    cure: str
    level: Literal["problem", "note"] = "problem"
    code: str = ""
    about: About = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """The finding as commands answer it."""
        return {
            "what": self.what, "cure": self.cure, "level": self.level,
            "code": self.code, "about": dict(self.about),
        }  # fmt: skip
