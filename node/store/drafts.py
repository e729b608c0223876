"""Drafts as rows: what somebody reported, on its way to an alert, and what a person doubts of it.

A draft holds shareable fields and, apart from them, the private report; nothing of it leaves this
file but to the desk. A row of a list is known by its fingerprint, so that it comes in once, also
after it was published or refused. On the spine: list or form → (here) → review → `pipeline`.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, or_, select, update
from sqlalchemy import text as sql

from federation.release import Consent
from node.errors import BadRequest, NotFound
from node.store.photos import drop_photos, drop_photos_of_blank
from node.store.tables import drafts, records
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import RecordKey, day_of, text_id

ID_BYTES = 5  # eight letters: short enough to be typed
CHUNK = 500
DAY_US = 86_400_000_000
WITHDRAWN_KEPT_DAYS = 14  # a withdrawal may be a mistake, too
REFUSED_KEPT_DAYS = 30
_NO_REPORT = b"{}"  # a private report that is not there


SCOPES = tuple(each.name for each in fields(Consent))
"""What a reporter may allow of a report that is kept, in the order of the ladder."""


class DraftState(StrEnum):
    """Where a draft has come to."""

    OPEN = "open"
    PUBLISHED = "published"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class StoredDoubt:
    """A doubt of a draft; `about` is the field it concerns, empty where none is known."""

    row: int
    column: str
    text: str = field(repr=False)
    guess: str = field(repr=False)
    blocking: bool
    reason: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reporter answered for each scope: True, False, or None where she was not asked."""

    members: bool | None = None
    peers: bool | None = None
    print: bool | None = None
    statistics: bool | None = None
    contact: bool | None = None
    police_anonymised: bool | None = None
    police_supported: bool | None = None

    def stricter(self, other: "Asked") -> "Asked":
        """The answers of `other`, except that a no given here stays a no."""
        return Asked(
            *(False if getattr(self, scope) is False else getattr(other, scope) for scope in SCOPES)
        )

    @property
    def consent(self) -> Consent | None:
        """What publishing grants; None where she said no.

        A review grants members and peers, where she did not say no to them; all else only she does.
        """
        if self.members is False:
            return None
        given = {scope: getattr(self, scope) is True for scope in SCOPES}
        return Consent(**given | {"members": True, "peers": self.peers is not False})


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft. `row` is the row of the list it came from (0: none), `rk` the alert it became.

    `edited`: a person changed it, so reading its list again must leave it alone. `made_us` is when
    it came, and from a refusal on, when it was refused.
    """

    id: str
    state: DraftState
    fields: Mapping[str, Value] = field(repr=False)
    private: Mapping[str, str] = field(repr=False)
    doubts: tuple[StoredDoubt, ...] = field(repr=False)
    asked: Asked
    source: str
    row: int
    fingerprint: bytes | None
    made_us: int
    rk: RecordKey | None = None
    reason: str = field(default="", repr=False)
    edited: bool = False

    @property
    def blocking(self) -> tuple[StoredDoubt, ...]:
        """The doubts that keep it from being published."""
        return tuple(doubt for doubt in self.doubts if doubt.blocking)


def new_id(random: Callable[[int], bytes]) -> str:
    """Make the id of a new draft."""
    return text_id(random(ID_BYTES))


def add_drafts(connection: Connection, new: Iterable[Draft]) -> list[str]:
    """Store drafts; those whose fingerprint is known already add nothing. Returns the ids added."""
    added: list[str] = []
    wanted = list(new)
    known = known_fingerprints(connection, [d.fingerprint for d in wanted if d.fingerprint])
    for draft in wanted:
        if draft.fingerprint is not None:
            if draft.fingerprint in known:
                continue
            known.add(draft.fingerprint)
        connection.execute(insert(drafts).values(**_columns(draft)))
        added.append(draft.id)
    return added


def known_fingerprints(connection: Connection, wanted: Iterable[bytes]) -> set[bytes]:
    """Which of these rows have come in before, whatever became of them."""
    keys = list(dict.fromkeys(wanted))
    found: set[bytes] = set()
    for start in range(0, len(keys), CHUNK):
        query = select(drafts.c.fingerprint).where(
            drafts.c.fingerprint.in_(keys[start : start + CHUNK])
        )
        found.update(bytes(value) for (value,) in connection.execute(query))
    return found


def open_drafts(connection: Connection) -> list[Draft]:
    """Every draft that waits for review, in the order they came."""
    query = select(drafts).where(drafts.c.state == DraftState.OPEN.value)
    return [
        _draft(row) for row in connection.execute(query.order_by(drafts.c.made_us, drafts.c.row))
    ]


def drafts_by_hand(connection: Connection) -> list[Draft]:
    """Every draft that waits for review and did not come from a list, in the order they came."""
    query = select(drafts).where(
        drafts.c.state == DraftState.OPEN.value, drafts.c.fingerprint.is_(None)
    )
    return [_draft(row) for row in connection.execute(query.order_by(drafts.c.made_us))]


def drafts_of_list(
    connection: Connection, source: str, only: str, start: int, most: int
) -> list[Draft]:
    """The waiting drafts of a list in its order, `most` from `start` on; `only` is SQL or ""."""
    query = select(drafts).where(
        drafts.c.state == DraftState.OPEN.value,
        drafts.c.source == source,
        drafts.c.fingerprint.is_not(None),
    )
    query = query.where(sql(only)) if only else query
    query = query.order_by(drafts.c.row, drafts.c.id).offset(start).limit(most)
    return [_draft(row) for row in connection.execute(query)]


def drafts_to_call(connection: Connection) -> list[Draft]:
    """The drafts whose reporter wants to be contacted, and whose private report is kept."""
    place = SCOPES.index("contact") + 1  # as `_standing` lays them out
    asked = sql(f"json_extract(CAST(consent AS TEXT), '$[{place}]')")
    query = select(drafts).where(drafts.c.private != _NO_REPORT, asked)
    found = [_draft(row) for row in connection.execute(query)]
    return [draft for draft in found if draft.asked.contact is True]


def find_draft(connection: Connection, text: str) -> Draft:
    """The draft with this id, or the one whose id begins so; NotFound, BadRequest if several do."""
    wanted = text.strip().lower()
    exact = connection.execute(select(drafts).where(drafts.c.id == wanted)).one_or_none()
    if exact is not None:
        return _draft(exact)
    query = select(drafts).where(drafts.c.id.startswith(wanted, autoescape=True)).limit(2)
    rows = connection.execute(query).fetchall() if wanted else []
    if not rows:
        raise NotFound("there is no draft with that id; see parasol draft list")
    if len(rows) > 1:
        raise BadRequest("several drafts begin so; give more of the id")
    return _draft(rows[0])


def draft_by_id(connection: Connection, id_: str) -> Draft | None:
    """The draft with exactly this id."""
    row = connection.execute(select(drafts).where(drafts.c.id == id_)).one_or_none()
    return None if row is None else _draft(row)


def drafts_with_report(connection: Connection) -> list[Draft]:
    """Every draft whose private report is still kept, whatever became of it."""
    query = select(drafts).where(drafts.c.private != _dump({}))
    return [_draft(row) for row in connection.execute(query)]


_WITHOUT_REPORT = (
    update(drafts)
    .where(drafts.c.id == bindparam("b_id"))
    .values(private=_NO_REPORT, doubts=bindparam("b_doubts"))
)


def drop_reports(connection: Connection, wanted: Iterable[Draft]) -> None:
    """Purge the private reports of drafts: a doubt stays a doubt, and quotes nothing any more."""
    rows: list[dict[str, Any]] = [
        {"b_id": each.id, "b_doubts": _doubts([replace(d, text="", guess="") for d in each.doubts])}
        for each in wanted
    ]
    if rows:
        connection.execute(_WITHOUT_REPORT, rows)
        drop_photos(connection, [row["b_id"] for row in rows])


def save_draft(connection: Connection, draft: Draft) -> None:
    """Write a draft back."""
    columns = _columns(draft)
    connection.execute(update(drafts).where(drafts.c.id == draft.id).values(**columns))


def read_again(connection: Connection, draft: Draft) -> bool:
    """Replace what a row was read as, where nobody has touched its draft yet; whether it was so.

    A recorded no stays, and so does an unclear answer that the new reading does not settle.
    """
    query = select(drafts).where(drafts.c.fingerprint == draft.fingerprint)
    row = connection.execute(query).one_or_none()
    if row is None:
        return False
    known = _draft(row)
    if known.state is not DraftState.OPEN or known.edited:
        return False
    asked = known.asked.stricter(draft.asked)
    doubts = draft.doubts
    if draft.asked.members is None:
        asked_before = [d for d in known.doubts if d.blocking and d.about.startswith("consent.")]
        doubts = tuple(dict.fromkeys((*doubts, *asked_before)))
    save_draft(
        connection,
        replace(draft, id=known.id, made_us=known.made_us, asked=asked, doubts=doubts),
    )
    return True


def mark_published(connection: Connection, draft: Draft, rk: RecordKey) -> bool:
    """Note the alert that a draft became; False where it is no longer as it was reviewed."""
    reviewed = _columns(draft)
    result = connection.execute(
        update(drafts)
        .where(
            drafts.c.id == draft.id,
            drafts.c.state == DraftState.OPEN.value,
            drafts.c.fields == reviewed["fields"],
            drafts.c.consent == reviewed["consent"],
        )
        .values(state=DraftState.PUBLISHED.value, rk=rk)
    )
    return result.rowcount == 1


def purge_draft(connection: Connection, id_: str) -> None:
    """Purge one draft, refused where it waits; its fingerprint keeps its row from coming again."""
    connection.execute(update(drafts).where(drafts.c.id == id_).values(_BLANK))
    drop_photos(connection, [id_])
    connection.execute(
        update(drafts)
        .where(drafts.c.id == id_, drafts.c.state == DraftState.OPEN.value)
        .values(state=DraftState.REFUSED.value)
    )


def blank_ended(connection: Connection, now_us: int) -> int:
    """Purge the drafts of what is over, as `purge_draft` does; returns how many.

    Over is an alert that has expired, was erased, or was withdrawn so long ago that nobody asks
    about it any more; and a draft that was refused long ago.
    """
    today = day_of(now_us)
    lasting = select(records.c.rk).where(
        or_(
            (records.c.status == int(Status.LIVE)) & (records.c.exp_day >= today),
            (records.c.status == int(Status.WITHDRAWN))
            & (records.c.day >= today - WITHDRAWN_KEPT_DAYS),
        )
    )
    refused_before = now_us - REFUSED_KEPT_DAYS * DAY_US
    result = connection.execute(
        update(drafts)
        .where(
            drafts.c.source != "",  # those that are blank have none
            or_(
                (drafts.c.state == DraftState.PUBLISHED.value) & drafts.c.rk.not_in(lasting),
                (drafts.c.state == DraftState.REFUSED.value) & (drafts.c.made_us < refused_before),
            ),
        )
        .values(_BLANK)
    )
    if result.rowcount:
        drop_photos_of_blank(connection)
    return result.rowcount


def _doubts(found: Iterable[StoredDoubt]) -> bytes:
    return _dump([[d.row, d.column, d.text, d.guess, d.blocking, d.reason, d.about] for d in found])


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "id": draft.id, "state": draft.state.value, "fields": _dump(dict(draft.fields)),
        "private": _dump(dict(draft.private)), "doubts": _doubts(draft.doubts),
        "consent": _standing(draft.asked, draft.edited), "source": draft.source,
        "row": draft.row, "fingerprint": draft.fingerprint, "made_us": draft.made_us,
        "rk": draft.rk, "reason": draft.reason,
    }  # fmt: skip


def _draft(row: Row[Any]) -> Draft:
    members, peers, edited, *more = json.loads(row.consent)
    return Draft(
        row.id,
        DraftState(row.state),
        json.loads(row.fields),
        json.loads(row.private),
        tuple(StoredDoubt(*each) for each in json.loads(row.doubts)),
        Asked(members, peers, *more),
        row.source,
        row.row,
        None if row.fingerprint is None else bytes(row.fingerprint),
        row.made_us,
        None if row.rk is None else RecordKey(bytes(row.rk)),
        row.reason,
        edited,
    )


def _standing(asked: Asked, edited: bool) -> bytes:
    """What she answered for each scope, and in the third place whether a person changed it."""
    members, peers, *more = (getattr(asked, scope) for scope in SCOPES)
    return _dump([members, peers, edited, *more])


def _dump(value: Any) -> bytes:
    """Stable bytes: what was reviewed is compared with what is published."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


_BLANK: dict[str, Any] = {
    "fields": _dump({}), "private": _dump({}), "doubts": _dump([]), "source": "", "reason": "",
}  # fmt: skip
