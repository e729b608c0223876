"""The desk asks back: a question to a reporter whom nobody knows, by way of her receipt code.

She reads it when she opens her report, and answers there. Her answer waits for the desk like all
that she sends; taken up, it joins the private report together with the question. Nobody is told of
a question in any other way, because there is no other way to her.
"""

from sqlalchemy import Connection

from node.errors import BadField, BadRequest
from node.receipts import meant, report_of
from node.reporter import check_words
from node.runtime import Node
from node.store.context import Context
from node.store.questions import (
    Question,
    add_question,
    mark_answered,
    open_question,
    questions_about,
)
from node.store.receipts import Opens, UpdateKind, add_update
from node.typed import clean_text

MOST_CHARACTERS = 1000


def ask_reporter(connection: Connection, context: Context, opens: Opens, text: str) -> Question:
    """Put a question to the reporter of a report. BadField, BadRequest where nothing is left."""
    words = clean_text(text)
    if not 1 <= len(words) <= MOST_CHARACTERS:
        raise BadField(f"question: from 1 to {MOST_CHARACTERS} characters")
    report = report_of(connection, context, opens)
    if not report.is_kept:
        raise BadRequest(f"this report is {report.state}: there is nothing to ask about")
    return add_question(connection, context.random, report.opens, words, context.now_us())


def questions_of(connection: Connection, opens: Opens) -> list[Question]:
    """All that was asked of one report, oldest first."""
    return questions_about(connection, opens)


async def ask(node: Node, id_: str, text: str) -> Question:
    """Ask the reporter of a draft or an own alert, by its id."""

    def effect(connection: Connection) -> Question:
        opens = meant(connection, node.context, id_).opens
        return ask_reporter(connection, node.context, opens, text)

    return await node.change(effect)


async def asked_of(node: Node, id_: str) -> list[Question]:
    """What was asked of a draft's or an own alert's reporter."""

    def query(connection: Connection) -> list[Question]:
        return questions_of(connection, meant(connection, node.context, id_).opens)

    return await node.read(query)


async def answer(node: Node, opens: Opens, question: str, text: str) -> None:
    """Take a reporter's answer; it waits for the desk. NotFound, BadField, BadRequest."""
    words = check_words(text)

    def effect(connection: Connection) -> None:
        context = node.context
        report = report_of(connection, context, opens)
        if not report.is_kept:
            raise BadRequest(f"this report is {report.state}: nothing can be added to it")
        asked = open_question(connection, report.opens, question)
        told = f"{asked.text}\n— {words}"
        now = context.now_us()
        add_update(connection, context.random, report.opens, UpdateKind.ANSWER, told, now)
        mark_answered(connection, asked.id, now)

    await node.change(effect)
