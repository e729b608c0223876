"""How a report comes in, by the command line or a page: a draft, its private part, a receipt code.

What may be shared is read into fields; what was typed stays beside them, word for word, with the
photos, in the private report that never leaves the node. All of it is stored in one transaction, or
nothing. Nothing is published here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from node.consent_words import asked_on_form
from node.desk.prompts import prompts
from node.edits import Form, edited, local_day
from node.errors import BadField
from node.receipt_codes import new_receipt
from node.runtime import Node
from node.store.drafts import Draft, DraftState, StoredDoubt, add_drafts, new_id
from node.store.photos import add_photos
from node.store.receipts import Opens, add_receipt
from node.store.sent_forms import note_sent
from protocol.codec import Value

BY_HAND = "form"


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody told. `private` is what she typed, by what was asked; `pictures` are WebP.

    `consent` are the scopes that she gave on the form, None where nobody asked. `once` is the
    form's own token: the same form makes one report, however often it is sent.
    """

    fields: Form = field(repr=False)
    consent: Sequence[str] | None = None
    private: Mapping[str, str] = field(repr=False, default_factory=dict)
    pictures: Sequence[bytes] = field(repr=False, default=())
    source: str = BY_HAND
    once: str = field(repr=False, default="")


@dataclass(frozen=True, slots=True)
class Taken:
    """The draft that a report became, and the reporter's code; no code where none was wanted."""

    draft: Draft
    code: str = field(repr=False)


def check_report(node: Node, told: Told) -> Mapping[str, Value]:
    """What may be shared of a report, read into fields. BadField names what cannot be read."""
    today = local_day(node.context.now_us(), node.settings.timezone)
    values = edited({}, told.fields, node.settings, today)
    if not values.keys() - {"place.region"}:
        raise BadField("nothing was given; a draft needs at least codes, as codes=NP")
    return values


async def take_report(node: Node, told: Told, *, receipt: bool) -> Taken | None:
    """Take a report in; None where this form was sent before. BadField."""
    asked = asked_on_form(None if told.consent is None else list(told.consent))
    values = check_report(node, told)
    context = node.context
    draft = Draft(
        new_id(context.random), DraftState.OPEN, values, told.private,
        prompted(values, told.private, 0), asked, told.source, 0, None, context.now_us(),
    )  # fmt: skip
    code, hashed = await new_receipt(node) if receipt else ("", b"")

    def effect(connection: Connection) -> bool:
        if told.once and not note_sent(connection, told.once, draft.made_us):
            return False
        add_drafts(connection, [draft])
        add_photos(connection, draft.id, told.pictures, context.random)
        if receipt:
            add_receipt(connection, hashed, Opens(draft.id, None), draft.made_us)
        return True

    return Taken(draft, code) if await node.change(effect) else None


def prompted(
    values: Mapping[str, Value], private: Mapping[str, str], row: int
) -> tuple[StoredDoubt, ...]:
    """What a reviewer is asked to look at in a draft's words as they stand now."""
    return tuple(
        StoredDoubt(row, found.column, found.text, found.guess, found.blocking, found.reason,
                    found.column)
        for found in prompts(values, private)
    )  # fmt: skip
