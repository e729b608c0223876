"""Receipt codes: given out by staff, and used by those who reported.

What a reporter narrows is done when her command returns; what she adds, corrects or allows anew
waits for the desk (`node.reporter`). Staff never learn a code but when they give it out.
"""

from typing import Any

from sqlalchemy import Connection

from node.consent_words import KEEP
from node.receipt_codes import new_receipt, open_code
from node.receipts import meant, settle
from node.reporter import change_consent, check_change, check_words, say, show_report
from node.runtime import Node
from node.store.receipts import (
    Opens,
    Update,
    UpdateKind,
    UpdateState,
    add_receipt,
    waiting_updates,
)
from protocol.ids import day_of, iso_date, text_id


async def receipt_issue(node: Node, id: str) -> dict[str, Any]:  # noqa: A002
    """Give out a code for a draft or an alert of ours; one given before ends. It is shown once."""
    await node.read(meant, node.context, id)
    code, hashed = await new_receipt(node)

    def effect(connection: Connection) -> dict[str, Any]:
        opens = meant(connection, node.context, id).opens
        replaced = add_receipt(connection, hashed, opens, node.context.now_us())
        return {"receipt": code, **_whose(opens), "replaced": replaced}

    return await node.change(effect)


async def receipt_show(node: Node, code: str) -> dict[str, Any]:
    """Show what became of a report: its state, consent, where it went, who confirmed what."""
    return await show_report(node, await open_code(node, code))


async def receipt_consent(
    node: Node, code: str, yes: list[str] | None = None, no: list[str] | None = None
) -> dict[str, Any]:
    """Change the consent: each no at once, each yes when the desk has agreed."""
    check_change(yes or [], no or [])  # before a try is taken
    opens = await open_code(node, code)
    return await change_consent(node, opens, yes=yes or [], no=no or [])


async def receipt_withdraw(node: Node, code: str) -> dict[str, Any]:
    """Take a report back as a whole: erased here and at all who ever had its alert."""
    return await receipt_consent(node, code, no=[KEEP])


async def receipt_add(node: Node, code: str, text: str) -> dict[str, Any]:
    """Add to a private report; it waits for the desk, and is never published by itself."""
    return await _say(node, code, UpdateKind.ADD, text)


async def receipt_correct(node: Node, code: str, text: str) -> dict[str, Any]:
    """Say what is wrong in a report; it waits for the desk, which corrects the alert."""
    return await _say(node, code, UpdateKind.CORRECT, text)


async def _say(node: Node, code: str, kind: UpdateKind, text: str) -> dict[str, Any]:
    check_words(text)  # before a try is taken
    return await say(node, await open_code(node, code), kind, text)


async def receipt_updates(node: Node) -> dict[str, Any]:
    """List what reporters sent and the desk has not settled, oldest first."""
    return {"updates": [_line(each) for each in await node.read(waiting_updates)]}


async def receipt_accept(node: Node, id: str) -> dict[str, Any]:  # noqa: A002
    """Take up what a reporter sent: her words join the report, her consent comes in force."""
    return await _settle(node, id, UpdateState.TAKEN)


async def receipt_decline(node: Node, id: str) -> dict[str, Any]:  # noqa: A002
    """Decline what a reporter sent; her code says so."""
    return await _settle(node, id, UpdateState.DECLINED)


async def _settle(node: Node, id_: str, state: UpdateState) -> dict[str, Any]:
    each, news = await node.change(settle, node, id_, state)
    node.on_news(news)
    return {**_line(each), "state": state.value}


def _whose(opens: Opens) -> dict[str, str]:
    found = {"draft": opens.draft} if opens.draft else {}
    return found if opens.rk is None else {**found, "alert": text_id(opens.rk)}


def _line(each: Update) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": each.id, **_whose(each.opens), "kind": each.kind.value,
        "on": iso_date(day_of(each.made_us)),
    }  # fmt: skip
    return row | ({"scopes": list(each.scopes)} if each.scopes else {"text": each.text})
