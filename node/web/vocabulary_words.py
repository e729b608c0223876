"""The vocabulary's codes as people read them; each is a word that translators translate.

`word` is for the templates: `{{ code|word }}`. A test holds that each code of the protocol is here.
"""

from collections.abc import Callable
from typing import Final


def N_(text: str) -> str:  # noqa: N802 - the name by which words are collected for translators
    """Mark words for translation; they are translated where they are shown."""
    return text


CODE_WORDS: Final = {
    "sexual_assault": N_("rape or sexual assault"),
    "weapon": N_("had or used a weapon"),
    "confinement": N_("locked in, held or abducted"),
    "drugging": N_("spiked a drink or drugged"),
    "life_threatening": N_("choking or other danger to life"),
    "physical_assault": N_("hit or hurt"),
    "robbery": N_("took things by force or threat"),
    "condom_removal": N_("removed or broke the condom on purpose"),
    "threat": N_("threatened to harm"),
    "stalking": N_("follows or watches"),
    "blackmail_outing": N_("blackmail, or threatens to tell others"),
    "covert_filming": N_("filmed or recorded in secret"),
    "coercion_third_party": N_("forces someone to work for them"),
    "impersonates_authority": N_("pretends to be police or another authority"),
    "theft": N_("stole money or things"),
    "non_payment": N_("did not pay"),
    "fake_payment": N_("false money, fake transfer or chargeback"),
    "boundary_violation": N_("did what was not agreed"),
    "condom_refusal": N_("refused a condom"),
    "hate_abuse": N_("abuse for race, gender, or who someone is"),
    "harassment": N_("harassment or repeated insults"),
    "bad_supply": N_("sells or brings dangerous drugs"),
    "uneasy": N_("nothing happened, but felt unsafe"),
    "no_show": N_("booked and did not come"),
    "haggler": N_("argues about the price"),
    "nuisance_contact": N_("nuisance calls or messages"),
    "intoxicated": N_("drunk or high"),
    "disrespect": N_("rude or disrespectful"),
    "police_activity": N_("police in the area"),
    "raid": N_("raid under way or announced"),
    "immigration_check": N_("immigration check"),
    "venue_unsafe": N_("a place that is not safe"),
    "missing_worker": N_("a worker is missing"),
}
SEVERITY_WORDS: Final = {
    0: N_("notice"),
    1: N_("nuisance"),
    2: N_("risky"),
    3: N_("dangerous"),
    4: N_("critical"),
}
OTHER_WORDS: Final = {
    "client": N_("client"),
    "posing_as_client": N_("posing as a client"),
    "officer": N_("officer"),
    "manager": N_("manager"),
    "driver_or_landlord": N_("driver or landlord"),
    "first_hand": N_("told by the worker herself"),
    "with_consent": N_("told for the worker, with her consent"),
    "relayed": N_("passed on by others"),
    "press_or_police": N_("from the press or police"),
    "street": N_("street"),
    "hotel": N_("hotel"),
    "clients_home": N_("the client's home"),
    "workers_home": N_("the worker's home"),
    "parlour": N_("parlour"),
    "club": N_("club"),
    "vehicle": N_("vehicle"),
    "online": N_("online"),
    "other": N_("other"),
    "00-06": N_("night (midnight to 6)"),
    "06-12": N_("morning (6 to noon)"),
    "12-18": N_("afternoon (noon to 6)"),
    "18-24": N_("evening (6 to midnight)"),
    "phone": N_("phone number"),
    "email": N_("email address"),
    "handle": N_("name on a service"),
    "plate": N_("licence plate"),
    "profile": N_("profile on a website"),
    "name": N_("name"),
    "night": N_("town, days and kind of harm"),
    "text": N_("words"),
    "live": N_("in force"),
    "withdrawn": N_("withdrawn"),
    "erased": N_("erased"),
    "expired": N_("ended"),
    "quarantined": N_("put aside"),
    "member": N_("member"),
    "outreach": N_("outreach worker"),
    "reviewer": N_("reviewer"),
    "keeper": N_("keeper"),
    "visitor": N_("visitor"),
    "members": N_("warn our members"),
    "peers": N_("warn organisations that we trust"),
    "print": N_("print it on paper lists"),
    "statistics": N_("count it in statistics"),
    "contact": N_("contact me about this"),
    "police_anonymised": N_("give it to the police without anything about me"),
    "police_supported": N_("help me speak with the police"),
    "keep": N_("keep it with this organisation"),
    "add": N_("added"),
    "correct": N_("corrected"),
    "answer": N_("answered"),
    "consent": N_("allowed"),
    "waiting": N_("waits for the desk"),
    "taken": N_("the desk took it up"),
    "declined": N_("the desk declined it"),
    "corroborate": N_("says so too"),
    "dispute": N_("disputes it"),
    "same_as": N_("says it is the same person"),
    "adopted_from": N_("made it its own"),
    "pending": N_("not confirmed yet"),
    "confirmed": N_("confirmed"),
    "held": N_("held there"),
    "overdue": N_("not confirmed, and late"),
    "recalled": N_("taken back there"),
    "alert": N_("alert"),
    "withdrawal": N_("taking it back"),
    "erasure": N_("erasing it"),
    "stop": N_("ending it"),
    "disputed": N_("an objection is being looked into"),
    "revoked_key": N_("its key was revoked"),
}


def word(code: object, gettext: Callable[[str], str]) -> str:
    """A code in a language; a code that is not known stays as it is."""
    if isinstance(code, int):
        known = SEVERITY_WORDS.get(code)
    else:
        known = CODE_WORDS.get(str(code)) or OTHER_WORDS.get(str(code))
    return gettext(known) if known else str(code)
