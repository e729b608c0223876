"""The languages of the pages: which there are, which one a person gets, and its words.

English stands in the code and the templates; the others are catalogues in `locales/`, read when a
language is first asked for. A language that a person chose goes before what her browser asks for.
"""

import gettext
import io
from functools import cache
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent / "locales"
LANGUAGES: Final = {
    "en": "English",
    "fr": "Français",
    "es": "Español",
    "ru": "Русский",
    "zh": "中文",
    "ar": "العربية",
}
"""Code and own name of each language, in the order in which they are offered."""

RIGHT_TO_LEFT: Final = frozenset({"ar"})
_MOST = 20  # wishes of a browser that are looked at


def direction(language: str) -> str:
    """How a language is written: ltr or rtl."""
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def wanted(header: str) -> str:
    """The language that a browser's Accept-Language asks for (RFC 9110, 12.5.4); en for none."""
    wishes: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:_MOST]):
        tag, _, weight = part.strip().partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        code = tag.strip().casefold().split("-")[0]
        if code in LANGUAGES and quality > 0:
            wishes.append((-quality, place, code))
    return min(wishes)[2] if wishes else "en"


@cache
def words(language: str) -> gettext.NullTranslations:
    """The words of a language; English has none of its own."""
    path = HERE / f"{language}.po"
    if language == "en" or not path.exists():
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalogue = read_po(file, locale=language)
    binary = io.BytesIO()
    write_mo(binary, catalogue)
    binary.seek(0)
    return gettext.GNUTranslations(binary)
