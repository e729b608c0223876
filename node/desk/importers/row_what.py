"""What happened, as codes: from the row's categories, its flags, and failing these its story.

Invariant: a code that only the story's words gave rise to shows as a doubt.
"""

from typing import Final

from node.desk.importers import appearance, categories
from node.desk.importers.gathered import Gathered
from node.desk.importers.language import language_of
from node.desk.importers.words import is_nothing, plain
from protocol.vocabulary import BASES, NOTICES, severity_of

_YES: Final = frozenset(
    {"x", "yes", "y", "1", "true", "✓", "✔", "☑", "oui", "si", "ja", "да", "sim", "tak"}
)


def read_words(row: Gathered) -> None:
    """Read what happened and what to do, in the words of the list."""
    for name in ("text", "advice"):
        found = [(header, text) for _, header, text in row.of(name) if not is_nothing(text)]
        if found:
            whole = "\n".join(text for _, text in found)
            row.fields[name] = [language_of(whole, row.setting.language), whole]
            row.headers[name] = found[0][0]


def read_codes(row: Gathered) -> None:
    """Read categories and flags into codes; the story stands in for them."""
    codes: list[str] = []
    catch_all = False
    for _, header, text in row.of("codes"):
        row.headers.setdefault("codes", header)
        if is_nothing(text):
            continue
        reading = categories.read_category(text, row.mapping.codes)
        codes.extend(reading.codes)
        catch_all = catch_all or reading.other
        if not reading.codes and not reading.other:
            row.unknown = row.unknown or text
        if not reading.sure and reading.codes:
            row.doubt(header, text, ", ".join(reading.codes), "no category that is known: a guess")
    for index, column in enumerate(row.mapping.columns):
        if column.field.startswith("flag.") and plain(row.cells.get(index, "")) in _YES | {"x"}:
            codes.append(column.field.removeprefix("flag."))
    _role_and_level(row)
    if not codes or catch_all:
        _codes_of_story(row, codes)
    chosen = categories.one_kind(tuple(dict.fromkeys(codes)))
    if chosen:
        row.fields["codes"] = list(chosen)
        level = row.fields.get("severity")
        least = severity_of(chosen)
        if not isinstance(level, int) or level <= least or set(chosen) <= NOTICES:
            row.fields.pop("severity", None)
    else:
        row.fields.pop("severity", None)


def _codes_of_story(row: Gathered, codes: list[str]) -> None:
    text = row.fields.get("text")
    if not isinstance(text, list):
        return
    story = str(text[1])
    whole = categories.read_category(story, row.mapping.codes)
    if whole.sure and whole.codes:
        codes.extend(c for c in whole.codes if c not in codes)
        return
    found = [c for c in categories.read_story(story).codes if c not in codes]
    if codes:
        found = [c for c in found if (c in NOTICES) == (codes[0] in NOTICES)]
    found = list(categories.one_kind(tuple(found)))
    if found:
        codes.extend(found)
        row.doubt(row.headers["text"], story, ", ".join(found), "codes guessed from the words")


def _role_and_level(row: Gathered) -> None:
    for name, header, text in row.of("role"):
        role = appearance.role_of(text)
        if role:
            row.fields[name] = role
        elif not is_nothing(text):
            row.doubt(header, text, "", "an unknown role")
    for name, header, text in row.of("severity"):
        level = appearance.severity_word(text)
        if level is not None:
            row.fields[name] = level
        elif not is_nothing(text):
            row.doubt(header, text, "", "an unknown level")
    for name, _, text in row.of("basis"):
        words = plain(text).replace(" ", "_")
        if words in BASES:
            row.fields[name] = words
