"""What we say of others' alerts, and what is said: corroborate, dispute, same, adopt, take back."""

from typing import Any

from sqlalchemy import Connection

from federation.voices import CORROBORATE, DISPUTE, SAME_AS
from node.adopting import adoptable
from node.errors import BadField
from node.publishing import reason_code
from node.reporting import prompted
from node.runtime import Node
from node.said import said_lines
from node.store.drafts import Draft, DraftState, add_drafts, new_id
from node.store.lookup import find_alert, record_key
from node.store.reviews import KEEPER, name_of
from node.typed import clean_text
from node.voices import Saying, speak, take_back
from protocol.ids import text_id


async def voice_corroborate(
    node: Node, alert: str, report: str = "", only_origin: bool = False, by: str = KEEPER
) -> dict[str, Any]:
    """Say that we hold a report of our own on an alert of another organisation.

    `report` is a draft or an alert of ours: it must be there, and its reporter must have agreed to
    warn other organisations. `only_origin` tells nobody but whose alert it is.
    """
    saying = Saying(CORROBORATE, [alert], name_of(by), report=report, only_origin=only_origin)
    return await _say(node, saying)


async def voice_dispute(
    node: Node, alert: str, reason: str = "", only_origin: bool = False, by: str = KEEPER
) -> dict[str, Any]:
    """Say that an alert of another organisation is wrong, and why. The reason travels."""
    text = clean_text(reason)
    if not text:
        raise BadField("reason: say what is wrong; whoever has the alert reads it")
    return await _say(node, Saying(DISPUTE, [alert], name_of(by), text, only_origin=only_origin))


async def voice_same_as(
    node: Node, alert: str, other: str, only_origin: bool = False, by: str = KEEPER
) -> dict[str, Any]:
    """Say that two alerts are about one person; nobody merges them because of it."""
    return await _say(node, Saying(SAME_AS, [alert, other], name_of(by), only_origin=only_origin))


async def _say(node: Node, saying: Saying) -> dict[str, Any]:
    change = await node.change(speak, node, saying)
    if change.news:
        node.on_news(set(change.news))
    shown = change.shown()
    return {"voice": shown.pop("alert"), "relation": saying.relation, **shown}


async def voice_withdraw(node: Node, voice: str, by: str = KEEPER) -> dict[str, Any]:
    """Take a voice of ours back, or all that we say of an alert: erased wherever it went."""
    changes = await node.change(take_back, node, voice, name_of(by))
    node.on_news({peer for change in changes for peer in change.news})
    await node.store.checkpoint()
    told = sorted({name for change in changes for name in change.told})
    return {"withdrawn": [text_id(change.rk) for change in changes], "told": told}


async def voice_adopt(node: Node, alert: str) -> dict[str, Any]:
    """Make a draft of another organisation's alert, to publish it as ours after a review."""
    return await node.change(_adopt, node, alert)


def _adopt(connection: Connection, node: Node, alert: str) -> dict[str, Any]:
    source, fields, asked = adoptable(connection, node, alert)
    context = node.context
    doubts = prompted(fields, {}, 0)
    draft = Draft(
        new_id(context.random), DraftState.OPEN, fields, {}, doubts, asked, source, 0, None,
        context.now_us(),
    )  # fmt: skip
    add_drafts(connection, [draft])
    return {
        "id": draft.id,
        "peers": asked.peers is True,
        "doubts": [
            {"text": each.text, "blocking": each.blocking, "what": each.reason,
             **({"code": reason_code(each)} if each.blocking else {})}
            for each in doubts
        ],
    }  # fmt: skip


async def voice_list(node: Node, alert: str | None = None) -> dict[str, Any]:
    """List what is said of alerts, ours and others', or of one alert; the oldest first."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        wanted = None if alert is None else [record_key(find_alert(connection, alert))]
        return said_lines(connection, node.context, wanted)

    return {"voices": await node.read(read)}
