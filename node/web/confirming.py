"""The step before what cannot be undone: what will happen, in words, and a second button.

Without script there is no other way to ask. The first form is shown again with nothing but its
hidden fields; what would be hard to undo is confirmed by typing a word.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web

from node.web.page import Page

SURE = "sure"
TYPED = "typed"
OURS = frozenset({"csrf", SURE, TYPED})


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before a step. `typed` is the word that has to be typed, "" for none."""

    title: str
    says: Sequence[str]
    button: str
    back: str
    typed: str = ""


def ask_first(page: Page, question: Question) -> web.Response | None:
    """The page that asks, or None where the person has said yes to this very form."""
    sure = page.form.has(SURE)
    typed = page.form.line(TYPED)
    if sure and same(typed, question.typed):
        return None
    path = {name: quote(value, safe="") for name, value in page.path.items()}
    fields = [pair for pair in page.form.fields if pair[0] not in OURS]
    return page.show(
        "house_sure.html", status=400 if sure else 200, question=question, fields=fields,
        wrong=sure, action=page.route.path.format(**path),
    )  # fmt: skip


def same(typed: str, wanted: str) -> bool:
    """Whether a word was typed as it was asked for; case and outer space do not count."""
    return " ".join(typed.casefold().split()) == " ".join(wanted.casefold().split())
