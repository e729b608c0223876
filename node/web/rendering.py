"""Templates and what they may use: words of a language, dates, numbers of a person's own shape.

One environment for each language, made when it is first needed. Everything that is put into a page
is escaped; a name that a template misspells is an error and not an empty place.
"""

import base64
import hashlib
from datetime import UTC, date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from babel import Locale
from babel.dates import format_date, format_datetime
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from node.web import vocabulary_words
from node.web.languages import LANGUAGES, direction, words

HERE: Final = Path(__file__).parent
STYLE: Final = (HERE / "static" / "style.css").read_text("utf-8")
SCRIPT: Final = (HERE / "static" / "script.js").read_bytes()


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


STYLE_HASH: Final = _hash(STYLE)
"""What the content security policy names, so that no other style is obeyed."""


@cache
def templates(language: str) -> Environment:
    """The templates in one language."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.policies["ext.i18n.trimmed"] = True  # as the words are collected
    catalogue = words(language)
    made.install_gettext_translations(catalogue, newstyle=True)  # type: ignore[attr-defined]
    made.globals |= {
        "style": Markup(STYLE),  # noqa: S704 - our own file
        "languages": LANGUAGES,
        "lang": language,
        "dir": direction(language),
    }
    made.filters |= {
        "day": partial(shown_day, language=language),
        "when": partial(shown_time, language=language),
        "word": lambda code: vocabulary_words.word(code, catalogue.gettext),
        "ltr": ltr,
        "tongue": partial(tongue, language=language),
    }
    return made


def render(name: str, language: str, /, **values: Any) -> str:
    """One page as HTML."""
    return templates(language).get_template(name).render(**values)


def ltr(text: object) -> Markup:
    """A number, plate or address, which is read from left to right in every language."""
    return Markup(f'<bdi dir="ltr">{escape(text)}</bdi>')  # noqa: S704 - escaped


def tongue(code: str, language: str) -> str:
    """A language's name in another; a code that nobody knows stays as it is."""
    name = Locale.parse(language).languages.get(code.partition("-")[0].lower())
    return str(name or code)


def shown_day(text: str, language: str) -> str:
    """A day of ISO 8601 as a language writes it; what is no day stays as it is."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return text
    return format_date(found, "medium", locale=language)


def shown_time(us: int, language: str) -> str:
    """A moment, in UTC, as a language writes it."""
    return format_datetime(
        datetime.fromtimestamp(us / 1_000_000, UTC), "medium", tzinfo=UTC, locale=language
    )
