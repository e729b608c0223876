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
    # Of an imported list: several of the importers' doubts ask the same of whoever reviews
    **dict.fromkeys(
        ("codes guessed from the words", "no category that is known: a guess"),
        N_("What happened was guessed from the words. Read them."),
    ),
    "counted from today: say --as-of, the day the list was written": N_(
        "This was counted from today. On which day was the list written?"
    ),
    "counted from when the message was sent": N_(
        "This was counted from when the message was sent. Is it right?"
    ),
    **dict.fromkeys(
        (
            "the year is not written",
            "which week's day is meant?",
            "which is the day, which the month?",
            "day and month seem to be swapped",
            "no such day in this month",
            "only a year or a season is written",
            "the dates span two months",
            "before or after midnight?",
            "the time spans several parts of the day",
        ),
        N_("It is not certain which day or time this means. Look at it."),
    ),
    **dict.fromkeys(
        ("not a date", "not a time of day", "in the future: left out"),
        N_("No day or time could be read from this. It was left out."),
    ),
    "a part of a number": N_("This is only a part of a number."),
    "a part of a number: it stays in the text": N_("A part of a number stands in the words."),
    **dict.fromkeys(
        ("a number among words", "numbers among words: whose are they?"),
        N_("There are words around this number. Whose is it?"),
    ),
    **dict.fromkeys(
        (
            "a spreadsheet has rewritten this number",
            "no number of this country: read as one of North America",
            "read as a number with its calling code",
            "has its own calling code and is no number of that country: is it right?",
        ),
        N_("This number may have been read wrongly. Compare it with the list."),
    ),
    **dict.fromkeys(
        (
            "a spreadsheet has cut off digits of this number",
            "not a whole phone number",
            "too short for a number of its country: left out",
            "not a phone number",
            "not a plate",
            "not an email address",
            "not a web address of a profile",
        ),
        N_("This could not be read, and was left out. Write it anew if you know it."),
    ),
    **dict.fromkeys(
        (
            "the number's country is not known: import again with --country",
            "which country is this plate of?",
        ),
        N_("It is not known of which country this is. It was left out."),
    ),
    **dict.fromkeys(
        ("is this a plate?", "no digit in it: is this a plate? left out"),
        N_("This may be no licence plate."),
    ),
    "the list itself is not sure": N_("The list itself is not sure of this."),
    "which service is this handle on? write service:name": N_(
        "On which service is this name? Write service:name."
    ),
    **dict.fromkeys(
        (
            "what is this? it stays private",
            "a number or address in the column of names: it stays private",
            "too long or not usable for its field: it stays private",
        ),
        N_("It is not clear what this is. It was left out."),
    ),
    **dict.fromkeys(
        ("an address: it stays private", "the name of a house: it stays private"),
        N_("This may be an address. It was left out."),
    ),
    "in another row this is the reporter's": N_(
        "In another row this belongs to a reporter. Leave it only if it is his."
    ),
    "the column may be about the reporter": N_("This column may be about the reporter."),
    **dict.fromkeys(
        ("an unknown role", "an unknown level", "an unknown kind of place"),
        N_("These words are not known here. Choose what fits."),
    ),
    "a name read from the words": N_("This name was read from the words. Is it his?"),
    "an error of a spreadsheet stands here: the value is lost": N_(
        "An error of a spreadsheet stands here: the value is lost."
    ),
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
