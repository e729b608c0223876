"""The mapping of a table, guessed from its header words and its values.

The header decides; values settle what words leave open (which text column is the story, whose
number a bare "Phone" is, what a column without a header holds). Invariant: a column that might be
the reporter's is private, and a guess that only the values support is not `sure`.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from node.desk.importers.appearance import role_of
from node.desk.importers.column_values import (
    describes_person,
    has_digits,
    is_answer,
    is_code,
    is_consent,
    is_date_like,
    is_email,
    is_flag,
    is_phone,
    is_severity,
    kind_of_place,
    kind_of_values,
    share,
)
from node.desk.importers.guess_header import (
    asks_consent,
    header_field,
    is_clients,
    is_somebodys,
    leaves_open_whose,
    names_car,
    says_what_happened,
    speaks_to_reporter,
)
from node.desk.importers.header import Table
from node.desk.importers.mapping import (
    MAY_BE_HERS,
    PRIVATE,
    REPORTER,
    Column,
    Mapping,
    header_fingerprint,
)
from node.desk.importers.words import is_nothing, phrases, plain, within

_SAMPLE: Final = 200
_GUESSED: Final = "guessed from the values"
_UNKNOWN: Final = frozenset({_GUESSED, MAY_BE_HERS})
_SECOND: Final = "a second unknown column of its kind"
_NOT_SAID: Final = "the header does not say whose it is"
_TWICE: Final = "a second column has the same header"
_REACHES: Final = frozenset({"phone", "email", "handle", "name", "profile"})
_CONTACTS: Final = ("phone", "email", "name", "handle")
_INCIDENT: Final = frozenset(
    {"date", "text", "codes", "place", "place.city", "place.district", "description"}
)
_SINGLE: Final = frozenset(
    {"date", "time", "text", "severity", "role", "location_type", "place.city", "place.region"}
)


def guess_mapping(table: Table) -> Mapping:
    """Return what each column of a table most likely means, and how sure that is."""
    if not table.headed:
        columns = _by_values_alone(table)
    else:
        columns = _one_unknown([_by_header(table, i) for i in range(len(table.header))])
        columns = _client_columns_win(columns)
        columns = _somebodys(_respondent(columns))
        columns = _of_one_name(_stories(table, columns))
        columns = _one_each(columns)
    return Mapping(
        tuple(columns),
        header_fingerprint(table.header) if table.headed else "",
        headed=table.headed,
    )


def _by_header(table: Table, index: int) -> Column:
    header = table.header[index]
    values = table.column(index)[:_SAMPLE]
    if speaks_to_reporter(header) and asks_consent(header) and share(values, is_answer) > 0.7:
        return Column(header, "consent.all", sure=True)
    found = header_field(header)
    if found is None:
        return _by_value(header, values, taken=_known_fields(table))
    words = plain(header)
    name, whole = ("vehicle", found[1]) if names_car(words) else found
    if name.startswith("flag.") and not is_flag(values):
        return Column(header, PRIVATE, sure=True, why="unknown column")
    if name == "ignore" and values and share(values, is_phone) > 0.6:
        return Column(header, "phone", sure=False, why="values look like numbers to call")
    if name == "place":
        name = kind_of_place(values)
    if name.startswith("consent.") and not is_consent(values):
        field = REPORTER if name == "consent.contact" else PRIVATE
        return Column(header, field, sure=True, why="not an answer of consent")
    if name == "codes" and values and share(values, lambda v: len(v) > 60) > 0.5:
        name = "text"
    if name == "codes" and values and share(values, is_severity) > 0.6:
        name = "severity"
    if name == "severity" and values and share(values, is_code) > 0.5:
        name = "codes"
    if name == "role" and values and share(values, lambda v: role_of(v) is not None) < 0.3:
        return Column(header, PRIVATE, sure=True, why="not words of a role")
    if (
        name == "phone"
        and values
        and share(values, is_phone) < 0.3
        and share(values, is_email) > 0.5
    ):
        name = "email"
    if name == "text" and values and share(values, is_code) > 0.7:
        name = "codes"
    if name == "text" and not whole and not says_what_happened(words):
        return Column(header, name, sure=False, why=MAY_BE_HERS)
    return _as_said(header, name, values, whole=whole)


def _as_said(header: str, name: str, values: Sequence[str], *, whole: bool) -> Column:
    """A column that its header names; certain where the values fit, and it is clear whose it is."""
    words = plain(header)
    if name in _REACHES and not whole and not _used_by_him(header) and leaves_open_whose(words):
        return Column(header, name, sure=False, why=_NOT_SAID)
    fits = _fits(name, values)
    return Column(
        header, name, sure=fits and (whole or len(words) >= 4), why="" if fits else "few values fit"
    )


def _known_fields(table: Table) -> frozenset[str]:
    found = (header_field(h) for h in table.header)
    return frozenset(f[0] for f in found if f)


def _fits(name: str, values: Sequence[str]) -> bool:
    filled = [v for v in values if not is_nothing(v)]
    if not filled:
        return True
    checks: dict[str, Callable[[str], bool]] = {
        "phone": has_digits, "email": is_email, "date": is_date_like,
    }  # fmt: skip
    check = checks.get(name)
    return check is None or share(filled, check) >= 0.3


def _client_columns_win(columns: list[Column]) -> list[Column]:
    """Where one column says that it is the client's, a bare column of the same kind is not his."""
    out = list(columns)
    for kind in _CONTACTS:
        of_kind = [i for i, c in enumerate(columns) if c.field == kind]
        his = [
            i
            for i in of_kind
            if is_clients(plain(columns[i].header)) or _used_by_him(columns[i].header)
        ]
        if his and len(his) < len(of_kind):
            for i in of_kind:
                if i not in his:
                    out[i] = replace(
                        out[i], field=REPORTER, sure=False, why="another column is the client's"
                    )
    return out


def _somebodys(columns: list[Column]) -> list[Column]:
    """Beside a reporter's column, "phone of the person" may be hers."""
    if not any(c.field == REPORTER for c in columns):
        return columns
    out = list(columns)
    for i, column in enumerate(columns):
        words = plain(column.header)
        if column.field not in _CONTACTS or is_clients(words):
            continue
        if is_somebodys(words):
            why = "of the person, who may be the reporter"
            out[i] = replace(column, field=REPORTER, sure=False, why=why)
        elif i and columns[i - 1].field == REPORTER and not _used_by_him(column.header):
            out[i] = replace(column, sure=False, why="beside the reporter's column")
    return out


def _of_one_name(columns: list[Column]) -> list[Column]:
    """Of two columns "Phone" one is often the reporter's: neither is certain."""
    alike = Counter(_numberless(c.header) for c in columns)
    return [
        replace(c, sure=False, why=_TWICE)
        if c.field in _REACHES and alike[_numberless(c.header)] > 1 and c.sure
        else c
        for c in columns
    ]


def _numberless(header: str) -> str:
    """The header without the number in brackets that tells two of one name apart."""
    return plain(re.sub(r" \(\d+\)$", "", header))


def _used_by_him(header: str) -> bool:
    return any(within(w, plain(header)) for w in ("used", "gave", "he", "utilise", "usado"))


def _respondent(columns: list[Column]) -> list[Column]:
    """In a form's export the bare columns before the first question are the respondent's."""
    if not any(c.field == "timestamp" for c in columns):
        return columns
    out = list(columns)
    first = next((i for i, c in enumerate(columns) if c.field in _INCIDENT), len(columns))
    for i, column in enumerate(columns):
        mine = plain(column.header) in phrases("reporter", "theirs") or is_clients(
            plain(column.header)
        )
        if mine:
            continue
        bare_email = column.field == "email" and plain(column.header) in phrases(
            "reporter", "form_emails"
        )
        if bare_email or (column.field in _CONTACTS and i < first):
            out[i] = replace(column, field=REPORTER, sure=bare_email, why="the form's respondent")
    if not any(c.field == "date" for c in out):
        i = next(i for i, c in enumerate(out) if c.field == "timestamp")
        out[i] = replace(out[i], field="date", sure=False, why="when the form was sent")
    return out


def _stories(table: Table, columns: list[Column]) -> list[Column]:
    """Which columns tell what happened, and which describe the man."""
    out = list(columns)
    descriptions = [i for i, c in enumerate(out) if c.field == "description"]
    for i in descriptions:
        values = table.column(i)[:_SAMPLE]
        has_text = any(c.field == "text" for c in out)
        person = share(values, describes_person) > 0.5
        if person or has_text:
            out[i] = replace(out[i], field="person", sure=person or not values)
        else:
            out[i] = replace(out[i], field="text")
    for i, column in enumerate(out):
        if column.field != "notes":
            continue
        if any(c.field == "text" for c in out):
            out[i] = replace(column, field=PRIVATE, sure=True, why="notes beside the story")
        else:
            out[i] = replace(column, field="text", sure=False, why=MAY_BE_HERS)
    return out


def _one_each(columns: list[Column]) -> list[Column]:
    """Of two columns that feed a single field, the surer stays; the other is private and named."""
    out = list(columns)
    for name in _SINGLE:
        same = [i for i, c in enumerate(out) if c.field == name]
        if len(same) < 2:
            continue
        keep = max(
            same, key=lambda i: (out[i].sure, header_field(out[i].header) == (name, True), -i)
        )
        for i in same:
            if i != keep and name != "text":
                out[i] = replace(out[i], field=PRIVATE, sure=True, why=f"a second column of {name}")
    return [replace(c, field=PRIVATE) if c.field == "timestamp" else c for c in out]


def _by_value(header: str, values: Sequence[str], taken: frozenset[str]) -> Column:
    """An unknown header: the values may show what it holds, but never whose it is."""
    if asks_consent(header) and values and share(values, is_answer) > 0.7:
        return Column(header, "consent.all", sure=True)
    name = kind_of_values(values)
    if name is None or name in taken or (name == "date" and "timestamp" in taken):
        return Column(header, PRIVATE, sure=True, why="unknown column")
    return Column(header, name, sure=False, why=MAY_BE_HERS if name == "text" else _GUESSED)


def _one_unknown(columns: list[Column]) -> list[Column]:
    """Of two unknown columns with numbers, either may be the reporter's: only one is taken."""
    out: list[Column] = []
    seen: set[str] = set()
    for column in columns:
        if column.why in _UNKNOWN and column.field in seen:
            whose = column.field in _CONTACTS
            out.append(Column(column.header, REPORTER if whose else PRIVATE, not whose, _SECOND))
            continue
        if column.why in _UNKNOWN:
            seen.add(column.field)
        out.append(column)
    return out


def _by_values_alone(table: Table) -> list[Column]:
    columns: list[Column] = []
    taken: set[str] = set()
    for index, header in enumerate(table.header):
        values = table.column(index)[:_SAMPLE]
        name = kind_of_values(values)
        if name is None or name in taken:
            columns.append(Column(header, PRIVATE, sure=True, why="no header"))
            continue
        taken.add(name)
        why = MAY_BE_HERS if name == "text" else "no header: guessed from the values"
        columns.append(Column(header, name, sure=False, why=why))
    return columns
