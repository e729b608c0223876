"""Receipt codes and what reporters send by them, as rows.

A row says which report a code opens: a draft, an alert, or both. Of the code it holds a slow hash.
What a reporter adds, corrects or allows anew waits here for the desk; her words go from the row
once the desk has settled them. On the spine: report → (here) → desk.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, insert, or_, select, update

from keys.receipt import SALT_BYTES
from node.errors import BadRequest, NotFound
from node.store import meta
from node.store.tables import drafts, receipts, records, reporter_updates
from protocol.ids import RecordKey, text_id

SALT = "receipt_salt"
MOST_WAITING = 20  # of one report
KEPT_DAYS = 90  # a receipt that opens nothing any more, and what was settled
DAY_US = 86_400_000_000
ID_BYTES = 5


class UpdateKind(StrEnum):
    """What a reporter sent."""

    ADD = "add"
    CORRECT = "correct"
    CONSENT = "consent"
    ANSWER = "answer"  # to a question of the desk


class UpdateState(StrEnum):
    """Where it has come to."""

    WAITING = "waiting"
    TAKEN = "taken"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Opens:
    """What a code opens: the draft's id (empty: none) and the alert it was given for, if any."""

    draft: str
    rk: RecordKey | None


@dataclass(frozen=True, slots=True)
class Update:
    """What a reporter sent: her words, or the scopes that she allows now."""

    id: str
    opens: Opens
    kind: UpdateKind
    text: str = field(repr=False)
    scopes: tuple[str, ...]
    state: UpdateState
    made_us: int


def salt(connection: Connection, random: Callable[[int], bytes]) -> bytes:
    """This node's salt, made at the first need; it stays for as long as the store."""
    found = meta.get(connection, SALT)
    if found is None:
        found = random(SALT_BYTES)
        meta.put(connection, SALT, found)
    return found


def add_receipt(connection: Connection, hashed: bytes, opens: Opens, now_us: int) -> bool:
    """Note what a new code opens; an earlier code of that report ends: whether there was one."""
    gone = connection.execute(delete(receipts).where(same_report(receipts, opens)))
    connection.execute(
        insert(receipts).values(hash=hashed, draft=opens.draft, rk=opens.rk, issued_us=now_us)
    )
    return gone.rowcount > 0


def opened_by(connection: Connection, hashed: bytes) -> Opens | None:
    """What a code opens, or None."""
    row = connection.execute(select(receipts).where(receipts.c.hash == hashed)).one_or_none()
    return None if row is None else _opens(row)


def add_update(
    connection: Connection,
    random: Callable[[int], bytes],
    opens: Opens,
    kind: UpdateKind,
    body: str | Sequence[str],
    now_us: int,
) -> str:
    """Let something wait for the desk; BadRequest where too much of this report waits already."""
    waiting = select(func.count()).where(same_report(reporter_updates, opens), _WAITS)
    if connection.execute(waiting).scalar_one() >= MOST_WAITING:
        raise BadRequest("much of this report waits for the desk already; wait until it is read")
    id_ = text_id(random(ID_BYTES))
    connection.execute(
        insert(reporter_updates).values(
            id=id_, draft=opens.draft, rk=opens.rk, kind=kind.value, body=_body(body),
            state=UpdateState.WAITING.value, made_us=now_us, settled_us=0,
        )
    )  # fmt: skip
    return id_


def drop_waiting_consent(connection: Connection, opens: Opens) -> tuple[str, ...]:
    """Take away a widening that waits; returns its scopes, to ask for it anew or not at all."""
    query = select(reporter_updates).where(
        same_report(reporter_updates, opens),
        _WAITS,
        reporter_updates.c.kind == UpdateKind.CONSENT.value,
    )
    found = [_update(row) for row in connection.execute(query)]
    for each in found:
        connection.execute(delete(reporter_updates).where(reporter_updates.c.id == each.id))
    return tuple(dict.fromkeys(scope for each in found for scope in each.scopes))


def updates_of(connection: Connection, opens: Opens) -> list[Update]:
    """All that a reporter sent of one report, oldest first; what was settled has no words left."""
    query = select(reporter_updates).where(same_report(reporter_updates, opens))
    return [_update(row) for row in connection.execute(query.order_by(reporter_updates.c.made_us))]


def waiting_updates(connection: Connection) -> list[Update]:
    """All that waits for the desk, oldest first."""
    query = select(reporter_updates).where(_WAITS).order_by(reporter_updates.c.made_us)
    return [_update(row) for row in connection.execute(query)]


def waiting_update(connection: Connection, text: str) -> Update:
    """The update that waits under this id, or the start of it. NotFound, BadRequest."""
    wanted = text.strip().lower()
    query = select(reporter_updates).where(
        reporter_updates.c.id.startswith(wanted, autoescape=True), _WAITS
    )
    rows = connection.execute(query.limit(2)).fetchall() if wanted else []
    if not rows:
        raise NotFound("nothing waits under that id; see parasol receipt updates")
    if len(rows) > 1:
        raise BadRequest("several begin so; give more of the id")
    return _update(rows[0])


def settle_update(connection: Connection, id_: str, state: UpdateState, now_us: int) -> None:
    """Note what the desk decided, and let the words go."""
    connection.execute(
        update(reporter_updates)
        .where(reporter_updates.c.id == id_)
        .values(state=state.value, body=_body(""), settled_us=now_us)
    )


def forget_receipts(connection: Connection, now_us: int) -> int:
    """Forget codes of reports of which nothing is left, and what was settled long ago."""
    before = now_us - KEPT_DAYS * DAY_US
    lasting = select(drafts.c.id).where(drafts.c.source != "")
    alerts = select(records.c.rk)
    became = select(drafts.c.id).where(drafts.c.rk.in_(alerts))
    result = connection.execute(
        delete(receipts).where(
            receipts.c.issued_us < before,
            receipts.c.draft.not_in(lasting),
            receipts.c.draft.not_in(became),
            or_(receipts.c.rk.is_(None), receipts.c.rk.not_in(alerts)),
        )
    )
    connection.execute(
        delete(reporter_updates).where(
            reporter_updates.c.state != UpdateState.WAITING.value,
            reporter_updates.c.settled_us < before,
        )
    )
    return result.rowcount


_WAITS = reporter_updates.c.state == UpdateState.WAITING.value


def same_report(table: Any, opens: Opens) -> Any:
    """Rows of the same report: of its draft, or of its alert."""
    draft = and_(table.c.draft == opens.draft, table.c.draft != "")
    return draft if opens.rk is None else or_(draft, table.c.rk == opens.rk)


def _opens(row: Row[Any]) -> Opens:
    return Opens(row.draft, None if row.rk is None else RecordKey(bytes(row.rk)))


def _body(body: str | Sequence[str]) -> bytes:
    return json.dumps(body if isinstance(body, str) else list(body), ensure_ascii=False).encode()


def _update(row: Row[Any]) -> Update:
    body = json.loads(row.body)
    text, scopes = (body, ()) if isinstance(body, str) else ("", tuple(body))
    return Update(
        row.id, _opens(row), UpdateKind(row.kind), text, scopes, UpdateState(row.state), row.made_us
    )
