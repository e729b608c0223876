"""One alert in full: every family of fields in order, also those of which there is nothing here.

What is missing was withheld, or nobody knows it; which of the two is not for a reader to know. The
families follow from what is shown alone, so that they say no more than the fields do.
"""

from collections.abc import Mapping
from typing import Any, Final

from node.web.shown_fields import ShownField, Tr, shown_fields
from node.web.vocabulary_words import N_

FAMILIES: Final = {
    "phone": N_("Phone number"),
    "email": N_("Email address"),
    "handle": N_("Name on a service"),
    "profile": N_("Profile"),
    "plate": N_("Licence plate"),
    "name": N_("Name he uses"),
    "vehicle": N_("Vehicle"),
    "place": N_("Place"),
    "location_type": N_("Kind of place"),
    "date": N_("Date"),
    "person": N_("What he looks like"),
    "text": N_("In her words"),
    "advice": N_("Advice"),
    "role": N_("Who he was"),
    "basis": N_("How it is known"),
}
"""In the order in which they are shown; a photo stands apart."""


def why_words(why: str, tr: Tr) -> str:
    """A reason why two alerts may be about one person, as the node gives it, in words.

    "same phone", perhaps "as" another alert's letters; what an organisation says stays as it is.
    """
    if why == "put together here":
        return tr("we put them together")
    kind, _, way = why.removeprefix("same ").partition(" as ")
    if not why.startswith("same ") or kind not in FAMILIES:
        return why
    same = tr("the same: %(what)s", what=tr(FAMILIES[kind]))
    return f"{same} ({tr('by way of %(alert)s', alert=way)})" if way else same


def every_field(fields: Mapping[str, Any], tr: Tr) -> tuple[ShownField, ...]:
    """The fields of an alert, and one without values for each family that is missing."""
    there: dict[str, list[ShownField]] = {}
    for each in shown_fields(fields, tr):
        there.setdefault(each.name.partition(".")[0], []).append(each)
    found: list[ShownField] = []
    for family, words in FAMILIES.items():
        found += there.pop(family, [ShownField(family, tr(words), (), ltr=False, prose=False)])
    return (*found, *(each for rest in there.values() for each in rest))
