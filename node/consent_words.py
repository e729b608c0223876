"""The scopes of consent as people give them: on a form, or one by one, each a yes or a no.

A form that names any scope is the ladder as it was asked: what is not on it was not given, to
members and to peers alike. Invariant: nothing that is not understood counts as a yes.
"""

from collections.abc import Iterable
from dataclasses import replace

from node.errors import BadField
from node.store.drafts import SCOPES, Asked

KEEP = "keep"
LADDER = (KEEP, *SCOPES)
"""Every scope of consent, in the order in which it is asked."""

_YES = frozenset({"", "yes", "true", "1"})
_NO = frozenset({"no", "false", "0"})
_REVIEWED = ("members", "peers")  # what a review would grant where nobody was asked


def given(words: Iterable[str]) -> dict[str, bool]:
    """Read scopes, each alone or as scope=yes, scope=no, several with commas. BadField."""
    found: dict[str, bool] = {}
    for word in (part for each in words for part in each.split(",") if part.strip()):
        name, _, answer = word.strip().casefold().partition("=")
        scope = scope_of(name)
        if answer.strip() in _YES:
            found[scope] = True
        elif answer.strip() in _NO:
            found[scope] = False
        else:
            raise BadField(f"consent: {scope}=yes or {scope}=no")
    return found


def scope_of(word: str) -> str:
    """The scope that a word names. BadField."""
    name = word.strip().casefold().replace("-", "_").replace(" ", "_")
    if name not in LADDER:
        raise BadField(f"consent: one of {', '.join(LADDER)}")
    return name


def asked_on_form(words: Iterable[str] | None) -> Asked:
    """The answers on the form of a new report; without any word nobody was asked."""
    if words is None:
        return Asked()
    answers = given(words)
    if answers.pop(KEEP, True) is False:
        raise BadField("consent: what may not be kept must not be written down here")
    return Asked(**dict.fromkeys(_REVIEWED, False) | answers)


def answered_since(asked: Asked, words: Iterable[str]) -> Asked:
    """The answers of a draft after more were given; a no stays a no. BadField."""
    answers = given(words)
    if KEEP in answers:
        raise BadField("consent: to drop a report, refuse its draft; its code can take it back")
    for scope, answer in answers.items():
        if answer and getattr(asked, scope) is False:
            raise BadField(
                f"consent: {scope} was a no; if she agrees now, she says so with her receipt code"
            )
    return replace(asked, **answers)
