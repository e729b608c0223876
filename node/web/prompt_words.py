"""What a reviewer is asked to look at, as sentences for a page; and a private report's columns.

`node.desk.prompts` and the importers say it in the words that are stored with a draft. A sentence
that is not here is shown as it is stored.
"""

from typing import Final

from node.web.vocabulary_words import N_

PROMPT_WORDS: Final = {
    "no code: what happened?": N_("Say what happened: choose at least one."),
    "a number inside the text": N_("A number stands in the words. Move it to its own field."),
    "an email address inside the text": N_(
        "An email address stands in the words. Move it to its own field."
    ),
    "a web address inside the text": N_(
        "A web address stands in the words. Move it to its own field."
    ),
    "a handle inside the text": N_(
        "A name on a service stands in the words. Move it to its own field."
    ),
    "a street address inside the text": N_("This may be a street address. Take it out."),
    "a name inside the text": N_("This may be somebody's name. Take it out."),
    "a plate inside the text": N_("A licence plate stands in the words. Move it to its own field."),
    "this may point to the reporter": N_("This may lead to the person who reported. Take it out."),
    "a description by race alone": N_(
        "This describes by race alone. Say something else about him, or take it out."
    ),
    "whose is this? confirm the column in the mapping": N_(
        "Whose is this, his or a worker's? Write it anew if it is his, or take it out."
    ),
    "is this a yes or a no?": N_("Did she say yes or no? Read her words."),
    "the reporter said no: not to be published": N_("She said no. This is not shared."),
    "the reporter's own: left out": N_("This is the reporter's own. It was left out."),
    "too long for its field: it stays private": N_("This is too long for its field. Shorten it."),
}

SHIELD_WORDS: Final = N_("This may name a worker. Two people must agree before it goes out.")

REASON_WORDS: Final = {
    "no_consent": N_("She said no. This is not shared."),
    "no_code": N_("Say what happened: choose at least one."),
    "already_published": N_("It is published already."),
    "refused_before": N_("It was put aside already."),
    "changed_meanwhile": N_("Somebody changed it meanwhile. Look at it again."),
    "names_a_worker": N_(
        "This may name a worker. Your word is noted; another person must agree before it goes out."
    ),
}

REPORT_WORDS: Final = {
    "told by": N_("Told by"),
    "date": N_("Day, week or month"),
    "reporter:reach": N_("How to reach her"),
    "reporter:say": N_("What may we say when we call?"),
}
"""Columns of the private report that a page wrote; those of a list are shown as its header says."""
