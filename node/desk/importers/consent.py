"""What a row's own consent columns say: a "no" wins, a blank is no answer, the unclear is a doubt.

Invariant: nothing here ever grants; it records the reporter's answers for the desk and for the
release (`consent.*` rules). On the spine: list → (here) → draft → review.
"""

import re
from dataclasses import dataclass
from typing import Final

from node.desk.importers.words import fold, is_nothing, phrases, plain

_YES: Final = "yes"
_NO: Final = "no"
_TICKS: Final = frozenset("✓✔☑✅√")
_CROSSES: Final = frozenset("✗✘☒❌")


@dataclass(frozen=True, slots=True)
class ConsentColumns:
    """The answers of a row: True, False or None (not asked, or left blank)."""

    members: bool | None = None
    peers: bool | None = None
    print: bool | None = None
    statistics: bool | None = None
    contact: bool | None = None
    police_anonymised: bool | None = None
    police_supported: bool | None = None

    @property
    def no_consent(self) -> bool:
        """Whether the row's own "no" forbids to publish it at all."""
        return self.members is False


def read_consent(answers: dict[str, str]) -> tuple[ConsentColumns, tuple[str, ...]]:
    """Return what the consent cells say, and the kinds whose words nobody can be sure of.

    `answers` maps a kind ("members", "peers", "all", "police" …) to the cell. A "no" to sharing at
    all is a no to everything.
    """
    said: dict[str, bool | None] = {}
    unclear: list[str] = []
    for kind, cell in answers.items():
        if kind == "police":
            said.update(_police(cell))
            continue
        answer = _answer(cell)
        if answer is None and plain(cell):
            unclear.append(kind)
        if kind == "all":
            if answer is False:
                return _nothing(), tuple(unclear)
            said.setdefault("members", answer)
        else:
            said[kind] = answer if said.get(kind) is not False else False
    return ConsentColumns(**said), tuple(unclear)


def _nothing() -> ConsentColumns:
    return ConsentColumns(*([False] * 7))


def _answer(cell: str) -> bool | None:
    text = cell.strip()
    if not text or text in {"-", "–", "?"}:
        return None
    if set(text) & _CROSSES:
        return False
    if set(text) & _TICKS:
        return True
    words = plain(text)
    if words in phrases("consent", _NO) or re.match(
        r"(?:no|non|nein|nie|nao|нет)\b(?! (?:problem|names?|name|noms?))", words
    ):
        return False
    if words in phrases("consent", _YES):
        return True
    if re.match(r"(?:yes|oui|si|ja|да|sim|tak)\b", words) and not re.search(
        r"\b(?:but|not|only|except|mais|sauf|pas|pero|salvo|aber|nur|nicht|но|только|кроме)\b",
        words,
    ):
        return True
    return None


def _police(cell: str) -> dict[str, bool | None]:
    """Police is off unless the cell says otherwise; unclear words are a no, not a doubt."""
    words = fold(cell)
    if not words.strip() or (is_nothing(cell) and _answer(cell) is None):
        return {}
    if re.search(r"anon", words):
        return {"police_anonymised": True, "police_supported": False}
    if _answer(cell) is True or re.search(r"support|accompan|begleit|поддерж", words):
        return {
            "police_anonymised": True,
            "police_supported": bool(re.search(r"support|accompan|begleit", words)),
        }
    return {"police_anonymised": False, "police_supported": False}
