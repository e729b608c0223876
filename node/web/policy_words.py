"""The policy in the keeper's language: what each switch means as it is set, and why a rule stands.

The sentences are those of `federation.explain`; here they are marked for translators, and a test
holds that none is missing. Nothing is decided here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from federation.explain import NUMBER_MEANINGS, explain, meaning
from federation.policy import ACCEPTED, LEVELS, Policy, value_of
from federation.problems import switch_names
from keys.card import Accepts
from node.web.vocabulary_words import N_

Tr = Callable[..., str]

FAMILIES: Final = {
    "legal_model": N_("The law here"),
    "categories": N_("Which alerts go out"),
    "name": N_("Names"),
    "photo": N_("Photos"),
    "race_descriptor": N_("Race or ethnicity"),
    "text": N_("Texts"),
    "place_precision": N_("Places"),
    "date_precision": N_("Dates"),
    "publish_delay": N_("Waiting before sharing"),
    "mandatory_reporting": N_("A duty to report"),
    "notice_days": N_("Notices"),
    "subject_notice": N_("Whether he is told"),
    "export_to": N_("Who gets our alerts"),
    "import_from": N_("Whose alerts we take"),
    "cross_border": N_("Borders"),
    "cross_border_regions": N_("Regions abroad"),
    "onward": N_("Passing on"),
    "lookup_log": N_("Who checked what"),
    "statistics_min_cell": N_("Statistics"),
    "identifiers": N_("Numbers, addresses, plates"),
    "retention_days": N_("How long alerts live"),
    "reporter_data": N_("What leads to a reporter"),
    "police_share": N_("Police"),
    "dispute": N_("Objections"),
    "moderation": N_("Reviewers"),
    "optin": N_("Notifications"),
    "print": N_("Paper"),
}
"""By a switch, or the table in which it stands."""

MEANINGS: Final = (
    N_("Sex work itself is a crime here."),
    N_("Buying sex is a crime here, selling is not."),
    N_("Sex work is legal here under special rules."),
    N_("Sex work is treated as any other work here."),
    N_("Only alerts that allege a crime are shared, and notices."),
    N_("Alerts of severity 2 and above are shared, and notices."),
    N_("Alerts of every kind are shared."),
    N_("Phone numbers are not shared."),
    N_("Phone numbers are for matching only and are never sent to be read."),
    N_("Phone numbers are shared masked, such as +1*******189."),
    N_("Phone numbers are shared whole."),
    N_("Email addresses are not shared."),
    N_("Email addresses are for matching only and are never sent to be read."),
    N_("Email addresses are shared masked, such as a***@example.com."),
    N_("Email addresses are shared whole."),
    N_("Handles are not shared."),
    N_("Handles are for matching only and are never sent to be read."),
    N_("Handles are shared masked, such as telegram:ab***."),
    N_("Handles are shared whole."),
    N_("Number plates are not shared."),
    N_("Number plates are for matching only and are never sent to be read."),
    N_("Number plates are shared masked, such as US:***271, and parts of plates."),
    N_("Number plates are shared whole."),
    N_("Profile pages are not shared."),
    N_("Profile pages are for matching only and are never sent to be read."),
    N_("Profile pages are shared masked, such as the name of the site alone."),
    N_("Profile pages are shared whole."),
    N_("Names he uses are not shared."),
    N_("Names he uses are shared where a moderator approved it for that alert."),
    N_("Names he uses are shared."),
    N_("Photos are not shared."),
    N_("Photos are shared where a moderator approved it for that alert."),
    N_("Photos are shared."),
    N_("Race or ethnicity is not shared."),
    N_("Race or ethnicity is shared only beside another description of the person."),
    N_("Race or ethnicity is shared, even as the only description."),
    N_("Codes are shared, but no text, no advice and no reason for a withdrawal."),
    N_("The text that the desk edited is shared, with its advice."),
    N_("No place is shared."),
    N_("The region is shared, no smaller place."),
    N_("The city is shared, no smaller place."),
    N_("The district is shared; an address never is."),
    N_("No date is shared."),
    N_("The month is shared, nothing more exact."),
    N_("The week is shared, nothing more exact."),
    N_("The day and the part of the day are shared."),
    N_("Our alerts do not leave the country."),
    N_("Our alerts leave the country only for the regions in cross_border_regions."),
    N_("Our alerts may leave the country."),
    N_("Peers may not forward our alerts."),
    N_("Hubs may forward our alerts to organisations that we do not know."),
    N_("Nothing is kept that leads to the reporter."),
    N_("A way to call the reporter back is kept for some days, if she gave one."),
    N_("Nothing goes to police."),
    N_("What a reporter asks for may go to police, without anything that leads to her."),
    N_("A reporter who asks for it is supported in going to police herself."),
    N_("A listed person is not told."),
    N_("A person who asks whether he is listed gets an answer."),
    N_("Nothing is printed."),
    N_("Sheets are printed with masked identifiers."),
    N_("Sheets are printed with whole identifiers."),
    N_("Nothing is kept about checks."),
    N_("Checks are counted, but not who checked what."),
    N_("Days between publishing and sharing: {}."),
    N_("Days that a notice lives: {}."),
    N_("Figures in statistics that count fewer reports than this: hidden ({})."),
    N_("Days that an alert of severity 4 lives: {}."),
    N_("Days that an alert of severity 3 lives: {}."),
    N_("Days that an alert of severity 2 lives: {}."),
    N_("Days that an alert of severity 1 lives: {}."),
    N_("Days that a way to call the reporter back is kept: {}."),
    N_("Days to answer an objection: {}."),
    N_("Reviewers that an alert needs: {}."),
    N_("Hours until an unconfirmed urgent alert ends by itself: {}."),
    N_("An alert stays up while an objection is reviewed."),
    N_("An alert is suspended while an objection is reviewed."),
    N_("The first reviewer may decide on an objection."),
    N_("Someone other than the first reviewer decides on an objection."),
    N_("An urgent alert waits for its reviewers like any other."),
    N_("An urgent alert may go out on one person's word, and ends unless it is confirmed."),
    N_("A member's first yes is enough to notify her."),
    N_("A member is notified only after she confirmed her yes."),
    N_("Notifications may carry the organisation's name."),
    N_("Notifications carry a sender's name that gives nothing away."),
    N_("Printed copies have no number."),
    N_("Every printed copy has its number."),
    N_("Our alerts go to nobody."),
    N_("Our alerts go to these trusted peers only."),
    N_("Our alerts go to all trusted peers."),
    N_("Nobody's alerts are taken in."),
    N_("Only these trusted peers' alerts are taken in."),
    N_("All trusted peers' alerts are taken in."),
    N_("The reporter did not agree to warn other organisations."),
    N_("This alert was narrowed: this organisation, or this field for it, was taken out."),
    N_("This organisation is not a verified peer."),
    N_("The listed person objects, and the alert is suspended until that is decided."),
    N_("This alert waits until others have a report on the same identifier."),
    N_("The organisation is in another country than the author, or its country is not known."),
    N_("The author does not let hubs pass this alert on."),
    N_("The author does not let hubs pass on this field."),
    N_("This version does not know the field, so it does not let it through."),
    N_("Regions abroad that our alerts may go to."),
    N_("The duty to report that is shown before anyone starts a report."),
    N_("The person who approves each sharing with police."),
    N_("The word that stops all notifications."),
)
"""Every sentence that a switch or a rule can have; {} is a number."""


def shown_meaning(switch: str, value: str, said: str, tr: Tr) -> str:
    """What a switch means as it is set; `said` is the sentence of `federation.explain` for it."""
    numbered = NUMBER_MEANINGS.get(switch)
    return tr(numbered).replace("{}", value) if numbered else tr(said)


def shown_rule(rule: str, tr: Tr) -> str:
    """Why a rule withholds something, and whose rule it is."""
    side, _, rest = rule.partition(".")
    switch, _, value = rest.partition("=")
    if side not in {"origin", "receiver"} or switch not in switch_names():
        return tr(explain(rule).why)
    try:
        why = shown_meaning(switch, value, meaning(switch, value), tr)
    except (LookupError, ValueError):  # a level of a later version
        why = rule
    return tr("Our rules: %(why)s", why=why) if side == "origin" else tr("Theirs: %(why)s", why=why)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a card says of one switch; `narrower` than our own policy, so that it decides."""

    meaning: str
    narrower: bool


def accepted(accepts: Accepts, policy: Policy, tr: Tr) -> tuple[Accepted, ...]:
    """What an organisation may hold by its card, and what of it is narrower than our policy.

    A level that this version does not know is read as the strictest, as everywhere.
    """
    found = []
    for switch in sorted(ACCEPTED):
        order = LEVELS[switch]
        level = accepts.level(switch)
        level = level if level in order else order[0]
        ours = order.index(str(value_of(policy, switch)))
        said = shown_meaning(switch, level, meaning(switch, level), tr)
        found.append(Accepted(said, order.index(level) < ours))
    return tuple(sorted(found, key=lambda each: not each.narrower))


def family_words(switch: str, tr: Tr) -> str:
    """What a switch and its neighbours are about."""
    return tr(FAMILIES.get(switch.partition(".")[0], switch))
