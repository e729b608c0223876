"""What each column of a list means, as a value that people can see, correct and keep.

A `Mapping` is one table's: its columns in order, how sure each guess is, and the list's own words.
`to_toml` writes the file a person corrects, `from_toml` reads it back (MappingFailure says what is
wrong with it). A list is known again by the fingerprint of its header.
"""

import hashlib
import tomllib
from collections.abc import Collection
from collections.abc import Mapping as Words
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from node.desk.errors import MappingFailure
from node.desk.importers.words import plain, word_list
from protocol.vocabulary import CODES

DateOrder = Literal["day_first", "month_first", "year_first"]
REPORTER: Final = "reporter"
PRIVATE: Final = "private"
IGNORE: Final = "ignore"
WHOSE: Final = "whose is this? confirm the column in the mapping"
UNNAMED: Final = "not in the mapping"
MAY_BE_HERS: Final = "the column may be about the reporter"  # each of its cells is a blocking doubt
OF_THE_COLUMN: Final = frozenset({WHOSE, MAY_BE_HERS})  # settled once, for the whole column


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its header as written, the field it feeds, and whether that is certain."""

    header: str
    field: str
    sure: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Mapping:
    """A table's mapping; `codes` holds the list's own category words → codes.

    `defaults` holds what is true of every row that does not say otherwise (`place.city`).
    """

    columns: tuple[Column, ...]
    fingerprint: str
    headed: bool = True
    date_order: DateOrder | None = None
    codes: Words[str, tuple[str, ...]] = field(default_factory=dict)
    defaults: Words[str, str] = field(default_factory=dict)

    def fields(self) -> frozenset[str]:
        """Return every field that some column feeds."""
        return frozenset(column.field for column in self.columns)


def known_fields() -> frozenset[str]:
    """Return every field name that a mapping may use."""
    flags = {f"flag.{code}" for code in CODES}
    settled = {"timestamp", "notes", "description"}  # a guess settles what these are
    return (frozenset(word_list("headers")) - settled) | {REPORTER, PRIVATE, IGNORE, "chat"} | flags


def header_fingerprint(header: tuple[str, ...]) -> str:
    """Return the name under which a header is remembered: the order of columns does not matter."""
    text = "\x1f".join(sorted(plain(h) for h in header if plain(h)))
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"parasol.map").hexdigest()


class _ColumnFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
    header: str
    field: str
    sure: bool = True
    why: str = ""


class _MappingFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)
    fingerprint: str = ""
    headed: bool = True
    date_order: DateOrder | None = None
    column: list[_ColumnFile]
    codes: dict[str, list[str]] = Field(default_factory=dict)
    defaults: dict[Literal["place.city", "place.region"], str] = Field(default_factory=dict)


def to_toml(mapping: Mapping) -> str:
    """Return the mapping as the TOML file that a person corrects and `from_toml` reads."""
    import tomlkit

    document = tomlkit.document()
    document.add(
        tomlkit.comment("What each column of this list means. Correct `field`, then import")
    )
    document.add(
        tomlkit.comment("again with --mapping THIS-FILE. docs/reference/import-mapping.md")
    )
    document["fingerprint"] = mapping.fingerprint
    document["headed"] = mapping.headed
    if mapping.date_order:
        document["date_order"] = mapping.date_order
    columns = tomlkit.aot()
    for column in mapping.columns:
        table = tomlkit.table()
        table["header"] = column.header
        table["field"] = column.field
        table["sure"] = column.sure
        if column.why:
            table["why"] = column.why
        columns.append(table)
    document["column"] = columns
    if mapping.codes:
        document["codes"] = {word: list(codes) for word, codes in mapping.codes.items()}
    if mapping.defaults:
        document["defaults"] = dict(mapping.defaults)
    return tomlkit.dumps(document)


def from_toml(text: str) -> Mapping:
    """Return the mapping in a TOML file; MappingFailure names what is wrong and the cure."""
    try:
        loaded = _MappingFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise MappingFailure(f"the mapping is not TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MappingFailure(f"the mapping is wrong at {where}: {first['msg']}") from None
    known = known_fields()
    for column in loaded.column:
        if column.field not in known:
            raise MappingFailure(
                f"the mapping names a field that does not exist: {column.field!r}; "
                f"known are {', '.join(sorted(f for f in known if not f.startswith('flag.')))}"
            )
    for codes in loaded.codes.values():
        for code in codes:
            if code not in CODES:
                raise MappingFailure(
                    f"the mapping names a code that does not exist: {code!r}; "
                    f"known are {', '.join(sorted(CODES))}"
                )
    return Mapping(
        columns=tuple(Column(c.header, c.field, c.sure, c.why) for c in loaded.column),
        fingerprint=loaded.fingerprint,
        headed=loaded.headed,
        date_order=loaded.date_order,
        codes={plain(word): tuple(codes) for word, codes in loaded.codes.items()},
        defaults={str(name): text for name, text in loaded.defaults.items()},
    )


def unnamed_warning(header: str) -> str:
    """Return what is said of a column that the mapping does not name."""
    return f"column {header!r} is not in the mapping: it stays private"


def fitted(
    mapping: Mapping, header: tuple[str, ...], fingerprint: str
) -> tuple[Mapping, tuple[str, ...]]:
    """Return the mapping in this header's order, and warnings for columns that only one side has.

    A column that the mapping does not name stays private; columns of one header match in order.
    """
    waiting: dict[str, list[Column]] = {}
    for column in mapping.columns:
        waiting.setdefault(plain(column.header), []).append(column)
    columns: list[Column] = []
    warnings: list[str] = []
    for name in header:
        candidates = waiting.get(plain(name))
        if candidates:
            columns.append(replace(candidates.pop(0), header=name))
        else:
            columns.append(Column(name, PRIVATE, sure=True, why=UNNAMED))
            warnings.append(unnamed_warning(name))
    for rest in waiting.values():
        warnings.extend(
            f"the mapping names {c.header!r}, which the list does not have" for c in rest
        )
    if not any(plain(h) in {plain(c.header) for c in mapping.columns} for h in header):
        raise MappingFailure("the mapping is for another list: none of its headers is in this file")
    return replace(mapping, columns=tuple(columns), fingerprint=fingerprint), tuple(warnings)


def confirmed(mapping: Mapping, headers: Collection[str]) -> Mapping:
    """Return the mapping with these columns certain: a person says that they are as was guessed."""
    said = {plain(header) for header in headers}
    columns = tuple(
        replace(column, sure=True) if plain(column.header) in said else column
        for column in mapping.columns
    )
    return replace(mapping, columns=columns)
