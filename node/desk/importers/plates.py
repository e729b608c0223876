"""Plates out of cells: whole, or the part that somebody remembers (`7X*`, `CGR??`). Pure."""

import re
from typing import Final

from node.desk.importers.readings import Reading, unique
from node.desk.importers.words import fold, is_nothing
from protocol.errors import IdentifierError
from protocol.identifiers import normalise_plate, normalise_plate_part

_PLATE_PARTIAL: Final = re.compile(
    r"\b(?:partial|partially|part|starts?|starting|begins?|beginning|ends?|ending|includes?|"
    r"contains?|"
    r"something like|partiel(?:le)?|debut|commen\w+|fini\w*|contient|empieza|comienza|termina|"
    r"parcial|"
    r"contiene|beginnt|anfang|endet|ende|teil(?:weise)?|enthalt|част\w*|начина\w+|заканчива\w+|"
    r"parziale|finisce|inizia)\b"
)
_STARTS: Final = re.compile(
    r"\b(?:start|begin|debut|commen|empieza|comienza|beginnt|anfang|начина|inizia)"
)
_ENDS: Final = re.compile(r"\b(?:end|fini|termina|заканчива)")
_PLATE_WORDS: Final = re.compile(
    r"\b(?:reg(?:istration)?|plates?|plaque|immatriculation|matricula|placa|kennzeichen|with|in|"
    r"by|the|number|"
    r"something|like|con|mit|par|avec|en|auf|на|с|номер|lic(?:en[cs]e)?|only|of|is|no)\b\.?"
)

_REMARK: Final = re.compile(r"\([^()\d]{3,}\)")


def read_plates(cell: str, country: str | None) -> Reading:
    """Return whole plates as `CC:ABC123` and parts as patterns (`7X*`, `CGR??`)."""
    if is_nothing(cell):
        return Reading()
    values: list[str] = []
    parts: list[str] = []
    doubts: list[tuple[str, str, str]] = []
    for raw in re.split(r"[;,\n|]+|\s+/\s+|\s+(?:or|ou|oder|o|или)\s+", cell):
        piece = raw.strip()
        if not piece or is_nothing(piece):
            continue
        bare = _REMARK.sub(" ", piece).strip()
        words = fold(bare or piece)
        marked = bool(_PLATE_PARTIAL.search(words))
        core = _PLATE_WORDS.sub(" ", _PLATE_PARTIAL.sub(" ", words)).strip(" :.-'\"()")
        unsure = bool(bare) and bare != piece
        unsure = unsure or (core.endswith("?") and not core.endswith("??"))
        core = core.rstrip("?").strip() if unsure and not core.endswith("??") else core
        signs = re.sub(r"[^0-9a-zа-яα-ω]", "", core)
        holes = re.search(r"[?*_#…]|\.{2,}|x{3,}", core)
        try:
            if marked or holes or (len(signs) <= 3 and len(signs) >= 2):
                parts.append(_part(words, core, marked=marked))
                continue
            normal = normalise_plate(core, country)
        except IdentifierError:
            reason = "which country is this plate of?" if country is None else "not a plate"
            doubts.append((piece, "", reason))
            continue
        if not re.search(r"\d", signs):
            doubts.append((piece, "", "no digit in it: is this a plate? left out"))
            continue
        if len(signs) > 9:
            doubts.append((piece, normal, "is this a plate?"))
        elif unsure:
            doubts.append((piece, normal, "the list itself is not sure"))
        values.append(normal)
    return Reading(unique(values), unique(parts), tuple(doubts))


def _part(words: str, core: str, *, marked: bool) -> str:
    core = re.sub(r"\.{2,}|…", "*", core)
    core = re.sub(r"x{3,}", lambda m: "?" * len(m.group()), core)
    if marked and _STARTS.search(words):
        core = core + "*"
    elif marked and _ENDS.search(words):
        core = "*" + core
    elif marked and not re.search(r"[?*_#]", core):
        core = f"*{core}*"
    return normalise_plate_part(core)
