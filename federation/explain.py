"""What a switch, its value and a rule mean, in words for the people who live with them.

`policy show` prints `describe`, `policy preview` prints `explain`. Nothing is decided here.
Invariant: every switch has a sentence for each of its values, and every rule that
`federation.release` or `federation.admit` can name has a reason and a cure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from federation.policy import LEVELS, Policy, value_of
from federation.problems import switch_names


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a field does not go, and what would let it go."""

    rule: str
    why: str
    cure: str


@dataclass(frozen=True, slots=True)
class Line:
    """One switch as it is set, and what that means."""

    switch: str
    value: str
    meaning: str


def _identifier(words: str, example: str) -> tuple[str, ...]:
    return (
        f"{words} are not shared.",
        f"{words} are for matching only and are never sent to be read.",
        f"{words} are shared masked, such as {example}.",
        f"{words} are shared whole.",
    )


LEVEL_MEANINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "legal_model": (
        "Sex work itself is a crime here.",
        "Buying sex is a crime here, selling is not.",
        "Sex work is legal here under special rules.",
        "Sex work is treated as any other work here.",
    ),
    "categories": (
        "Only alerts that allege a crime are shared, and notices.",
        "Alerts of severity 2 and above are shared, and notices.",
        "Alerts of every kind are shared.",
    ),
    "identifiers.phone": _identifier("Phone numbers", "+1*******189"),
    "identifiers.email": _identifier("Email addresses", "a***@example.com"),
    "identifiers.handle": _identifier("Handles", "telegram:ab***"),
    "identifiers.plate": _identifier("Number plates", "US:***271, and parts of plates"),
    "identifiers.profile": _identifier("Profile pages", "the name of the site alone"),
    "name": (
        "Names he uses are not shared.",
        "Names he uses are shared where a moderator approved it for that alert.",
        "Names he uses are shared.",
    ),
    "photo": (
        "Photos are not shared.",
        "Photos are shared where a moderator approved it for that alert.",
        "Photos are shared.",
    ),
    "race_descriptor": (
        "Race or ethnicity is not shared.",
        "Race or ethnicity is shared only beside another description of the person.",
        "Race or ethnicity is shared, even as the only description.",
    ),
    "text": (
        "Codes are shared, but no text, no advice and no reason for a withdrawal.",
        "The text that the desk edited is shared, with its advice.",
    ),
    "place_precision": (
        "No place is shared.",
        "The region is shared, no smaller place.",
        "The city is shared, no smaller place.",
        "The district is shared; an address never is.",
    ),
    "date_precision": (
        "No date is shared.",
        "The month is shared, nothing more exact.",
        "The week is shared, nothing more exact.",
        "The day and the part of the day are shared.",
    ),
    "cross_border": (
        "Our alerts do not leave the country.",
        "Our alerts leave the country only for the regions in cross_border_regions.",
        "Our alerts may leave the country.",
    ),
    "onward": (
        "Peers may not forward our alerts.",
        "Hubs may forward our alerts to organisations that we do not know.",
    ),
    "reporter_data.mode": (
        "Nothing is kept that leads to the reporter.",
        "A way to call the reporter back is kept for some days, if she gave one.",
    ),
    "police_share.mode": (
        "Nothing goes to police.",
        "What a reporter asks for may go to police, without anything that leads to her.",
        "A reporter who asks for it is supported in going to police herself.",
    ),
    "subject_notice": (
        "A listed person is not told.",
        "A person who asks whether he is listed gets an answer.",
    ),
    "print.mode": (
        "Nothing is printed.",
        "Sheets are printed with masked identifiers.",
        "Sheets are printed with whole identifiers.",
    ),
    "lookup_log": (
        "Nothing is kept about checks.",
        "Checks are counted, but not who checked what.",
    ),
}
"""For each switch of LEVELS a sentence for each level, in the same order."""

NUMBER_MEANINGS: Final[Mapping[str, str]] = {
    "publish_delay": "Days between publishing and sharing: {}.",
    "notice_days": "Days that a notice lives: {}.",
    "statistics_min_cell": "Figures in statistics that count fewer reports than this: hidden ({}).",
    **{
        f"retention_days.{severity}": f"Days that an alert of severity {severity} lives: {{}}."
        for severity in (4, 3, 2, 1)
    },
    "reporter_data.days": "Days that a way to call the reporter back is kept: {}.",
    "dispute.days": "Days to answer an objection: {}.",
    "moderation.reviewers": "Reviewers that an alert needs: {}.",
    "moderation.urgent_hours": "Hours until an unconfirmed urgent alert ends by itself: {}.",
}

_FLAGS: Final[Mapping[str, tuple[str, str]]] = {
    "dispute.suspend": (
        "An alert stays up while an objection is reviewed.",
        "An alert is suspended while an objection is reviewed.",
    ),
    "dispute.second_reviewer": (
        "The first reviewer may decide on an objection.",
        "Someone other than the first reviewer decides on an objection.",
    ),
    "moderation.urgent": (
        "An urgent alert waits for its reviewers like any other.",
        "An urgent alert may go out on one person's word, and ends unless it is confirmed.",
    ),
    "optin.double": (
        "A member's first yes is enough to notify her.",
        "A member is notified only after she confirmed her yes.",
    ),
    "optin.neutral_sender": (
        "Notifications may carry the organisation's name.",
        "Notifications carry a sender's name that gives nothing away.",
    ),
    "print.numbered": ("Printed copies have no number.", "Every printed copy has its number."),
}

_AUDIENCES: Final[Mapping[str, tuple[str, str, str]]] = {
    "export_to": (
        "Our alerts go to nobody.",
        "Our alerts go to these trusted peers only.",
        "Our alerts go to all trusted peers.",
    ),
    "import_from": (
        "Nobody's alerts are taken in.",
        "Only these trusted peers' alerts are taken in.",
        "All trusted peers' alerts are taken in.",
    ),
}

_OTHER: Final[Mapping[str, Explanation]] = {
    row.rule: row
    for row in (
        Explanation(
            "consent.peers=no",
            "The reporter did not agree to warn other organisations.",
            "Only she can agree, with her receipt code.",
        ),
        Explanation(
            "consent.audience=narrowed",
            "This alert was narrowed: this organisation, or this field for it, was taken out.",
            "Widen the alert's own audience at the desk, if the reporter agrees.",
        ),
        Explanation(
            "origin.peer=untrusted",
            "This organisation is not a verified peer.",
            "Compare both safety codes and run: parasol peer verify.",
        ),
        Explanation(
            "origin.dispute.suspend=true",
            "The listed person objects, and the alert is suspended until that is decided.",
            "Answer the objection and close it: parasol dispute close.",
        ),
        Explanation(
            "origin.hold=tokens",
            "This alert waits until others have a report on the same identifier.",
            "Nothing but its tokens goes until then; parasol alert widen ends the waiting.",
        ),
        Explanation(
            "origin.onward=border",
            "The organisation is in another country than the author, or its country is not known.",
            "A hub carries nothing out of its author's country; the two may peer themselves.",
        ),
        Explanation(
            "terms.onward=no",
            "The author does not let hubs pass this alert on.",
            "Only the author can change that: ask it about onward in its policy.",
        ),
        Explanation(
            "terms.onward=unnamed",
            "The author does not let hubs pass on this field.",
            "Only the author can change that: its policy releases the field to its own peers.",
        ),
        Explanation(
            "origin.field=unknown",
            "This version does not know the field, so it does not let it through.",
            "Update this node.",
        ),
    )
}


def meaning(switch: str, value: object) -> str:
    """Say in a sentence what a switch means when it is set to this value."""
    if switch in LEVELS:
        return LEVEL_MEANINGS[switch][LEVELS[switch].index(str(value))]
    if switch in _AUDIENCES:
        nobody, listed, trusted = _AUDIENCES[switch]
        if not value or value == "nobody":
            return nobody
        return trusted if value == "trusted" else listed
    if switch in _FLAGS:
        return _FLAGS[switch][bool(value)]
    if switch in NUMBER_MEANINGS:
        return NUMBER_MEANINGS[switch].format(value)
    return {
        "cross_border_regions": "Regions abroad that our alerts may go to.",
        "mandatory_reporting": "The duty to report that is shown before anyone starts a report.",
        "police_share.approver": "The person who approves each sharing with police.",
        "optin.stop_word": "The word that stops all notifications.",
    }[switch]


def describe(policy: Policy) -> tuple[Line, ...]:
    """Return every switch of a policy with its value and what that means, in the file's order."""
    return tuple(
        Line(switch, _text(value := value_of(policy, switch)), meaning(switch, value))
        for switch in switch_names()
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ", ".join(value) or "–"
    return str(value) if value != "" else "–"


def explain(rule: str, own: Literal["origin", "receiver"] = "origin") -> Explanation:
    """Say why a rule withholds a field and what would release it.

    `own` is the side we are on: the origin in a preview, the receiver for an admission. An unknown
    rule is explained by its name alone, since a peer may run a later version.
    """
    if rule in _OTHER:
        return _OTHER[rule]
    side, _, rest = rule.partition(".")
    switch, _, value = rest.partition("=")
    if side not in {"origin", "receiver"} or switch not in switch_names():
        return Explanation(rule, f"The rule {rule} stands in the way.", "Update this node.")
    ours = side == own
    why = f"{'Our' if ours else 'Their'} policy: {_reason(switch, value, ours=ours)}"
    cure = _our_cure(switch, value) if ours else _their_cure(side, switch)
    return Explanation(rule, why, cure)


def _reason(switch: str, value: str, *, ours: bool) -> str:
    if switch in LEVELS and value in LEVELS[switch]:
        return meaning(switch, value)
    if switch in _AUDIENCES:
        if value == "nobody":
            return _AUDIENCES[switch][0] if ours else "nobody is in the audience."
        return "the organisation is not on the list."
    return meaning(switch, value)


def _our_cure(switch: str, value: str) -> str:
    if switch in LEVELS and value in LEVELS[switch]:
        order = LEVELS[switch]
        wider = " or ".join(f'"{level}"' for level in order[order.index(value) + 1 :])
        listing = " Or list the region." if value == "listed" else ""
        return f"If your law and your members allow it, set {switch} to {wider}.{listing}"
    if switch in _AUDIENCES:
        return f'Add the organisation to {switch}, or set {switch} to "trusted".'
    if switch == "publish_delay":
        return "Wait, or lower publish_delay."
    return f"Set {switch} to the days that such records should live."


def _their_cure(side: str, switch: str) -> str:
    whose = "receiver" if side == "receiver" else "origin"
    return f"Only the {whose} can change this: ask it to widen {switch} in its policy."
