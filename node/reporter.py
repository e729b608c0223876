"""What a reporter does once her code is opened, at the desk's terminal or on a page alike.

`node.receipt_codes.open_code` gives what her code opens; nothing here sees the code. What she
narrows is done when the call returns; what she adds, corrects or allows anew waits for the desk.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection

from node.consent_words import KEEP, LADDER, scope_of
from node.errors import BadField, BadRequest
from node.following import follow
from node.receipts import ask_for_more, consent_of, narrow_consent, report_of, shown
from node.runtime import Node
from node.store.receipts import Opens, UpdateKind, add_update

MOST_CHARACTERS = 10_000


async def show_report(node: Node, opens: Opens) -> dict[str, Any]:
    """What became of the report: its state, consent, where it went, who confirmed what."""
    return await node.read(shown, node.context, opens)


def check_change(yes: Collection[str], no: Collection[str]) -> tuple[set[str], set[str]]:
    """The scopes of a change as they are meant. BadField, BadRequest where it makes no sense."""
    wanted, gone = {scope_of(word) for word in yes}, {scope_of(word) for word in no}
    if not wanted | gone:
        raise BadRequest(f"which scope? one of {', '.join(LADDER)}")
    if wanted & gone:
        raise BadRequest("the same scope is given as a yes and as a no")
    if wanted and KEEP in gone:
        raise BadRequest("what is not kept can be used for nothing else")
    return wanted, gone


async def change_consent(
    node: Node, opens: Opens, *, yes: Collection[str] = (), no: Collection[str] = ()
) -> dict[str, Any]:
    """Change the consent: each no at once, each yes when the desk has agreed.

    {"state", "consent", "waits"}. `no=["keep"]` erases the report, here and at all who had it.
    """
    wanted, gone = check_change(yes, no)

    def effect(connection: Connection) -> tuple[set[int], tuple[str, ...]]:
        news = narrow_consent(connection, node, opens, gone) if gone else set()
        news |= follow(connection, node) if gone else set()
        waits = ask_for_more(connection, node.context, opens, wanted) if wanted else ()
        return news, waits

    news, waits = await node.change(effect)
    node.on_news(news)
    if KEEP in gone:
        await node.store.checkpoint()
    return {**await _after(node, opens), "waits": list(waits)}


def check_words(text: str) -> str:
    """What a reporter writes, without space around it. BadField where it is none or too much."""
    words = text.strip()
    if not words or len(words) > MOST_CHARACTERS:
        raise BadField(f"text: from 1 to {MOST_CHARACTERS} characters")
    return words


async def say(node: Node, opens: Opens, kind: UpdateKind, text: str) -> dict[str, Any]:
    """Add to a private report, or say what is wrong in it; it waits for the desk."""
    words = check_words(text)

    def effect(connection: Connection) -> None:
        report = report_of(connection, node.context, opens)
        if not report.is_kept:
            raise BadRequest(f"this report is {report.state}: nothing can be added to it")
        context = node.context
        add_update(connection, context.random, report.opens, kind, words, context.now_us())

    await node.change(effect)
    return await _after(node, opens)


async def _after(node: Node, opens: Opens) -> dict[str, Any]:
    """How the report stands after a change."""

    def query(connection: Connection) -> dict[str, Any]:
        report = report_of(connection, node.context, opens)
        return {"state": report.state, "consent": consent_of(report, node.context)}

    return await node.read(query)
