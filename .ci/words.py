"""Bring the catalogues of the pages' languages up to date with what the code says.

Run by `make words`. New words come in untranslated, words that are gone are dropped, and what was
translated stays. A word whose English changed is a new word: half-fitting translations mislead.
With `--missing LANGUAGE` it prints what that language lacks, one JSON list, and changes nothing.
With `--fill LANGUAGE FILE` it takes translations from a JSON object: English text to translation;
for a counted one, the English singular to the list of all forms that the language has.
"""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "node" / "web"
LOCALES = PAGES / "locales"
SOME_DAY = datetime(2026, 11, 1, tzinfo=UTC)  # the history says when, and a diff should not
LANGUAGES = {"fr": "French", "es": "Spanish", "ru": "Russian", "zh": "Chinese", "ar": "Arabic"}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "tr": None}
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2.ext.babel_extract")]
OPTIONS = {"**/templates/**.html": {"trimmed": "true", "trim_blocks": "true", "silent": "false"}}


def collected() -> Catalog:
    """Every word of the pages, with the files in which it stands."""
    words = Catalog(project="Parasol", charset="utf-8")
    for file, _, message, _, context in extract_from_dir(
        PAGES, METHODS, OPTIONS, keywords=KEYWORDS, strip_comment_tags=True
    ):
        words.add(message, None, [(file, 0)], context=context)
    return words


def catalogue(language: str, words: Catalog) -> Catalog:
    """The catalogue of a language, brought up to date."""
    path = LOCALES / f"{language}.po"
    found = Catalog(locale=language, project="Parasol", charset="utf-8")
    if path.exists():
        with path.open("rb") as file:
            found = read_po(file, locale=language)
    found.update(words, no_fuzzy_matching=True)
    found.header_comment = f"# {LANGUAGES[language]}: see docs/howto/translate.md"
    found.fuzzy = False
    found.revision_date = found.creation_date = SOME_DAY
    found.obsolete.clear()
    return found


def lacking(found: Catalog) -> Iterator[str | list[str]]:
    """What is not translated: a text, or the two English forms of a counted one."""
    for message in found:
        parts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        if message.id and not all(parts):
            yield message.id if isinstance(message.id, str) else list(message.id)


def fill(language: str, words: Catalog, translated: dict[str, str | list[str]]) -> int:
    """Put translations into a catalogue; gives how many were not asked for."""
    found, unknown = catalogue(language, words), 0
    for english, text in translated.items():
        message = found.get(english)
        if message is None:
            unknown += 1
            continue
        message.string = tuple(text) if isinstance(text, list) else text
    save(language, found)
    return unknown


def save(language: str, found: Catalog) -> None:
    """Write a catalogue, in the same order every time."""
    with (LOCALES / f"{language}.po").open("wb") as file:
        write_po(file, found, sort_output=True, include_lineno=False, width=100)


def main() -> int:
    """Update the catalogues, or tell what one lacks."""
    words = collected()
    if sys.argv[1:2] == ["--missing"]:
        print(
            json.dumps(list(lacking(catalogue(sys.argv[2], words))), ensure_ascii=False, indent=0)
        )
        return 0
    if sys.argv[1:2] == ["--fill"]:
        translated = json.loads(Path(sys.argv[3]).read_text("utf-8"))
        print(f"{fill(sys.argv[2], words, translated)} were not asked for")
    for language in sys.argv[2:3] or LANGUAGES:
        found = catalogue(language, words)
        save(language, found)
        print(f"{language}: {len(list(lacking(found)))} of {len(words)} to be translated")
    return 0


if __name__ == "__main__":
    sys.exit(main())
