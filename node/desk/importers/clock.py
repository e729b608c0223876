"""The time of day, as a 6-hour slot, out of a date's cell or a column of its own. Pure."""

import re
from typing import Final

from node.desk.importers.datewords import relative_phrases, slot_phrases
from node.desk.importers.words import fold, is_nothing

_CLOCK: Final = re.compile(
    r"(?<!\d)(\d{1,2})(?:[:h](\d{2})(?::\d{2})?\s*(?:([ap])\.?m\b)?(?!\d)|\s*([ap])\.?m\b\.?|"
    r"\s?h\b|\s?uhr\b)"
)
_ISO_TIME: Final = re.compile(
    r"(?<=\d)[t ](\d{1,2}):(\d{2})(?::\d{2}(?:\.\d+)?)?\s*(?:z|utc|"
    r"gmt)?(?:[+-]\d{2}:?\d{2})?(\s*[ap]m)?"
)
_ORDINAL: Final = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|ere|eme|º|ª|°|-?е|-?го|\.(?=\s*[^\W\d]))")
_ABOUT: Final = re.compile(
    r"(?:\b(?:about|around|approx|circa|ca|vers|environ|gegen|etwa|um|sobre|около|at|a las|"
    r"alle)\.?|~)\s*$"
)
_EASTERN: Final = re.compile(r"(\d{4})\s*年\s*(\d{1,2})\s*月(?:\s*(\d{1,2})\s*[日号號])?")
_DASH: Final = re.compile(r"[\u2010-\u2015\u2212]")


def read_slot(text: str) -> tuple[str, str]:
    """Return (6-hour slot, reason for a doubt) of a cell that says the time of day."""
    words = clean_date(text)
    if not words or is_nothing(words):
        return "", ""
    span = re.fullmatch(
        r"(\d{1,2})(?:[:h.]\d\d)?\s*(?:h|uhr)?\s*(?:-|to|a|bis|"
        r"until)\s*(\d{1,2})(?:[:h.]\d\d)?\s*(?:h|uhr)?",
        words,
    )
    if span:
        start, end = int(span.group(1)) % 24, int(span.group(2))
        end = 24 if end in {0, 24} else end
        if start < end and start // 6 == (end - 1) // 6:
            return _slot(start), ""
        return _slot(start), "" if start > end else "the time spans several parts of the day"
    if re.fullmatch(r"\d{1,2}", words) and int(words) < 25:
        return _slot(int(words) % 24), ""
    if re.fullmatch(r"0?\.\d+", words):
        return _slot(int(float(words) * 24)), ""  # a spreadsheet's time without its format
    rest, slot, reason = take_slot(words)
    if slot:
        return slot, reason
    return "", "not a time of day" if rest else ""


def clean_date(text: str) -> str:
    """Return the folded words of a date: dashes alike, no ordinals, no brackets."""
    words = _DASH.sub("-", _EASTERN.sub(_eastern, fold(text)))
    return " ".join(_ORDINAL.sub("", words).replace("(", " ").replace(")", " ").split()).strip(
        " .,;"
    )


def _eastern(match: re.Match[str]) -> str:
    return "-".join(part for part in match.groups() if part)


def take_slot(words: str) -> tuple[str, str, str]:
    """Take a time of day out of the words: (the rest, slot, reason for a doubt)."""
    iso = _ISO_TIME.search(words)
    if iso:
        hour = _hour(int(iso.group(1)), (iso.group(3) or "").strip()[:1])
        return words[: iso.start()] + words[iso.end() :], _slot(hour), ""
    for match in _CLOCK.finditer(words):
        hour = _hour(int(match.group(1)), match.group(3) or match.group(4) or "")
        if hour < 24:
            before = _ABOUT.sub("", words[: match.start()])
            return f"{before} {words[match.end() :]}".strip(" ,@-"), _slot(hour), ""
    pattern, slots = slot_phrases()
    found = pattern.search(words)
    if found is None or (found.group() == "am" and words.startswith("am ")):  # "am Dienstag"
        return words, "", ""
    slot = slots[found.group()]
    rest = words
    if found.group() not in relative_phrases():  # "last night" says the day too
        rest = f"{words[: found.start()]} {words[found.end() :]}"
    reason = "before or after midnight?" if slot.startswith("unsure_") else ""
    return " ".join(rest.split()).strip(" ,-"), slot.removeprefix("unsure_"), reason


def _hour(hour: int, half: str) -> int:
    return hour % 12 + (12 if half == "p" else 0) if half else hour


def _slot(hour: int) -> str:
    start = hour % 24 // 6 * 6
    return f"{start:02}-{start + 6:02}"
