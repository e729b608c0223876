"""What the keeper's pages say: each trouble with its cure, states of peers, what a step brings.

The codes and what they count are those of `node.finding`; a test holds that each has words here.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from babel.dates import format_timedelta

from node.web.page import Page
from node.web.rendering import shown_day, shown_time
from node.web.vocabulary_words import N_

_RECOVERY: Final = N_("Back up and restore: the command line goes on with parasol recover show.")
_PAPER: Final = N_(
    "Renew it with the recovery words from paper, at the machine itself: parasol keys rotate."
)
_CLOCK: Final = N_("Set the clock of the machine, then start the node again.")
_RING: Final = N_("Ring them up.")
_SERVE: Final = N_("The node renews it by itself while it runs. Look again tomorrow.")

TROUBLES: Final[Mapping[str, tuple[str, str]]] = {
    "store_damaged": (
        N_("A page of %(file)s does not verify: the file was damaged or altered."),
        N_("Stop the node, keep a copy of the file, then restore a backup."),
    ),
    "journal_big": (N_("The journal has grown to %(mib)s MiB."), N_("Stop and start the node.")),
    "disk_full": (N_("The disk is nearly full."), N_("Make room. A full disk stops the node.")),
    "pages_port": (
        N_("Nobody can open these pages at port %(port)s: something else uses it."),
        N_("Stop what uses it, or change web_port in settings.toml."),
    ),
    "register_lost": (
        N_("Nobody can say what was narrowed since the backup, so nothing goes out."),
        _RECOVERY,
    ),
    "held_since_restore": (N_("Alerts held back since a restore: %(count)s."), _RECOVERY),
    "corrected_since_backup": (
        N_("Alerts that were corrected after the backup and go to nobody: %(count)s."),
        N_("Correct each again. parasol recover show names them."),
    ),
    "signing_due": (
        N_("Some alerts are still signed with an older key."),
        N_("The running node finishes it."),
    ),
    "no_backup": (
        N_("There is no backup."),
        N_("Make one now, and keep it away from this machine."),
    ),
    "backup_old": (N_("The last backup is %(age_span)s old."), N_("Make a new one.")),
    "not_rehearsed": (
        N_("Nobody ever tried whether the backup and the recovery words can be read."),
        N_("Try it on a quiet day: restore into an empty folder."),
    ),
    "clock_back": (N_("The clock of the machine is %(behind_span)s behind."), _CLOCK),
    "clock_behind_peer": (N_("The clock of the machine is %(behind_span)s behind."), _CLOCK),
    "was_off": (
        N_("The node last did its daily work %(days)s days ago."),
        N_("Let it run all the time."),
    ),
    "clock_jumped": (N_("The clock has jumped by %(days)s days."), _CLOCK),
    "document_ended": (
        N_("The organisation's document has ended: others no longer believe this node."),
        _PAPER,
    ),
    "document_ends": (N_("The organisation's document ends in %(days)s days."), _PAPER),
    "key_invalid": (N_("The key of this node is not valid: others do not listen."), _PAPER),
    "card_ended": (N_("Others cannot write to this node: its card has ended."), _SERVE),
    "box_key_old": (N_("The key for letters is %(days)s days old."), _SERVE),
    "no_peer": (
        N_("No other organisation is connected yet."),
        N_("Invite one, or accept an invite of theirs."),
    ),
    "invite_ended": (
        N_("An invite ended unused: %(name)s, %(ended_day)s."),
        N_("Make a new one, or clear it from the list."),
    ),
    "equivocation": (
        N_("%(peer)s showed two different documents: its root key may be stolen."),
        N_("Ring them up, and compare the codes again before you go on."),
    ),
    "invite_used_twice": (
        N_("%(peer)s came with an invite that somebody else has used as well."),
        N_("Compare the codes with them. Block the one whose code is wrong."),
    ),
    "invite_not_taken": (
        N_("%(peer)s does not take our invite: it was used, taken back, or is too old."),
        N_("Ask them for a new one, and whether they know who used this."),
    ),
    "not_reached": (
        N_("%(peer)s was not reached %(count)s times."),
        _RING,
    ),
    "not_verified": (
        N_("%(peer)s is not verified: nothing is exchanged."),
        N_("Compare the codes by telephone."),
    ),
    "they_trust_not": (
        N_("%(peer)s has not verified us: we get nothing from them."),
        N_("Read them our code by telephone."),
    ),
    "mail_not_taken": (
        N_("Letters for %(peer)s are not taken by the mailbox."),
        N_("Ring up whoever keeps the mailbox. parasol mail list says more."),
    ),
    "no_endpoint": (
        N_("Neither we nor %(peer)s can be called: nothing travels by itself."),
        N_("Give one of the two an address, or agree on a mailbox."),
    ),
    "policy_advice": (
        N_("The rule %(switch)s deserves a second look."),
        N_("Read what the rules page says of it."),
    ),
    "file_open": (
        N_("Others with an account on this machine can read %(file)s."),
        N_("At the machine: take that right away (chmod go=)."),
    ),
    "old_store_left": (
        N_("%(file)s is left from before an update."),
        N_("Stop and start the node: it removes the file."),
    ),
    "restore_left": (N_("%(file)s was left by a restore."), N_("Restore again.")),
    "words_here": (
        N_("The recovery words are still on this machine."),
        N_("Move them to paper or a stick, the two apart, and delete the files."),
    ),
    "frozen": (
        N_("The node is frozen since %(since_us)s: it tells others nothing. %(why)s"),
        N_("Thaw it when all is well again."),
    ),
    "braked": (
        N_("%(peer)s took away %(count)s alerts at once. They are deleted on %(ends_us)s."),
        N_("Ring them up now: did they do that? Then decide."),
    ),
    "codes_guessed": (
        N_("Wrong receipt codes today: %(count)s. Somebody guesses."),
        N_("Nobody guesses six words. Who is turned away tries again later, or comes to us."),
    ),
    "quarantined": (
        N_("Nothing of %(peer)s since %(since_us)s is believed."),
        N_("Believe them again once their key is revoked or proved."),
    ),
    "asks_much": (
        N_("%(peer)s asked about %(count)s identifiers today, of %(quota)s."),
        N_("Ask them why. A pause ends it at once."),
    ),
    "many_tokens": (
        N_("%(peer)s gives very many tokens: %(count)s."),
        N_("Ask them why. Pause them if these are guesses."),
    ),
    "matching_off": (
        N_("Matching without seeing is off on this machine."),
        N_("Install the program again with make install."),
    ),
    "objections_late": (
        N_("Objections that should have been answered: %(count)s, the first by %(due_day)s."),
        N_("Answer them at the desk."),
    ),
    "objections_wait": (
        N_("Objections to answer: %(count)s, the first by %(due_day)s."),
        N_("Answer them at the desk."),
    ),
    "unconfirmed_end": (
        N_("Urgent alerts that end unless confirmed: %(count)s, the first on %(first_us)s."),
        N_("A second person confirms them at the desk."),
    ),
    "alerts_end": (
        N_("Alerts that end within %(days)s days: %(count)s."),
        N_("Renew those that still hold."),
    ),
    "review_waits": (
        N_("Alerts of others that wait for a person: %(count)s."),
        N_("Look at them at the desk."),
    ),
    "overdue": (N_("Not confirmed in time: %(peers)s."), _RING),
    "deriving": (
        N_("The rules changed. What these get is being worked out anew: %(peers)s."),
        N_("Wait. It goes on by itself."),
    ),
    "policy_edited": (
        N_("The file of the rules was edited and is not in force."),
        N_("Put it in force on the rules page, or take the edit back."),
    ),
}
"""By the code of a finding: what it is, and what to do."""

WAYS: Final[Mapping[str, str]] = {
    "no_backup": "/house/backups",
    "backup_old": "/house/backups",
    "not_rehearsed": "/house/backups",
    "frozen": "/house/backups",
    "document_ends": "/house/backups",
    "document_ended": "/house/backups",
    "overdue": "/house/coverage",
    "policy_edited": "/house/rules",
    "policy_advice": "/house/rules",
    "no_peer": "/house/peers",
    "invite_ended": "/house/peers",
    "not_verified": "/house/peers",
    "they_trust_not": "/house/peers",
    "not_reached": "/house/peers",
    "invite_not_taken": "/house/peers",
    "invite_used_twice": "/house/peers",
    "equivocation": "/house/peers",
    "quarantined": "/house/peers",
    "asks_much": "/house/peers",
    "many_tokens": "/house/peers",
    "braked": "/house/brake",
    "objections_late": "/desk",
    "objections_wait": "/desk",
    "unconfirmed_end": "/desk",
    "review_waits": "/desk",
}
"""Where the cure is on a page of ours."""


def lasting(us: int, language: str) -> str:
    """A length of time as a language says it."""
    return format_timedelta(timedelta(microseconds=us), locale=language)


def trouble(page: Page, finding: Mapping[str, Any]) -> dict[str, str]:
    """A finding in the keeper's language: {"what", "cure", "level", "way"}."""
    known = TROUBLES.get(finding["code"])
    level = str(finding["level"])
    if known is None:
        return {"what": finding["what"], "cure": finding["cure"], "level": level, "way": ""}
    about = {name: _about(page, name, value) for name, value in finding["about"].items()}
    return {
        "what": page.tr(known[0], **about), "cure": page.tr(known[1]), "level": level,
        "way": WAYS.get(finding["code"], ""),
    }  # fmt: skip


def _about(page: Page, name: str, value: Any) -> str:
    if name.endswith("_us"):
        return shown_time(int(value), page.language)
    if name.endswith("_day"):
        return shown_day(str(value), page.language)
    if name.endswith("_span"):
        return lasting(int(value), page.language)
    # What others wrote is set apart, so that it does not turn the sentence around.
    return f"\u2068{value}\u2069" if isinstance(value, str) and value else str(value)
