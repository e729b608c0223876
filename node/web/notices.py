"""What a page says after something was done: a code in the address, a sentence on the page.

Only what stands here can be said, so that an address someone else made cannot put words on a page.
"""

from typing import Final

from node.web.vocabulary_words import N_

NOTICES: Final = {
    "in": N_("You are signed in."),
    "out": N_("You are signed out."),
    "left": N_("Your account and everything in it is deleted."),
    "passphrase": N_("Your passphrase is changed. Other browsers are signed out."),
    "sessions": N_("The other browsers are signed out."),
    "saved": N_("Saved."),
    "parked": N_("What you were writing was kept. You can go on."),
    "totp": N_("One-time codes are on."),
    "totp_off": N_("One-time codes are off."),
    # The keeper's pages
    "role": N_("The role is changed."),
    "removed": N_("Removed."),
    "cancelled": N_("Taken back."),
    "verified": N_("Verified. From now on both sides share what the rules allow."),
    "moved": N_("Done. The others are told at once, or as soon as they can be reached."),
    "mode": N_("Decided. It counts for what comes from now on, and for what is here."),
    "lifted": N_("They are believed again, and asked for everything anew."),
    "purged": N_("Deleted, as they said."),
    "put_back": N_("It is shown again, and nothing since then is believed."),
    "rules": N_("The new rules are in force."),
    "frozen": N_("Frozen. The node tells others nothing of ours."),
    "thawed": N_("Thawed. What waited goes out now."),
    "introduce": N_("Noted. Those who may introduce us are told."),
    "met": N_("Now compare the codes with them."),
    "batch": N_("The whole list is done."),
    "taken": N_("It joins the report."),
    "declined": N_("Declined."),
    "confirmed": N_("You agreed to it."),
    "passed": N_("Members see them now."),
    "agreed": N_("You agreed to it. It waits for another person."),
    "published": N_("It is published."),
    "provisional": N_("It is out for some hours. Others must confirm it, or it ends."),
    "refused": N_("It is put aside."),
    "shielded": N_("It is entered. It counts from now on."),
    "unshielded": N_("It is taken off."),
    "called": N_("Noted: she was called."),
    "grouped": N_("Noted. Nothing is merged."),
    "objection": N_("The objection is taken. It has a day by which it is answered."),
    "answered": N_("The answer is noted. Nothing changes until it is closed."),
    "closed_objection": N_("The objection is closed, and what was answered is done."),
    "asked": N_("Your question waits for the reporter. She reads it when she uses her code."),
    # Reports and receipt codes
    "kept": N_("It is kept for you for one day. Open “Report” to go on."),
    "thrown": N_("It is thrown away."),
    "told": N_("Good. The desk reads your report."),
    "said": N_("The desk reads it."),
    "narrowed": N_("It counts from now on. Whoever has the warning is told."),
    "widened": N_("Your yes waits for the desk."),
    "taken_back": N_("All of it is taken back."),
    "closed": N_("It is closed. To see it, type the words again."),
    "feed_off": N_("Your feed has ended. Its old address leads nowhere."),
}
