"""Which encoding a text file is in: bytes become text, or the file is refused.

Byte-order marks and UTF-8 decide by themselves. Among the old one-byte encodings the text itself
decides: every candidate is scored by how much its reading looks like words; `encoding_cjk` knows
those of East Asia. Pure.
"""

import codecs
import re
from itertools import pairwise
from typing import Final

from node.desk.errors import UnreadableList
from node.desk.importers.encoding_cjk import eastern_encoding

_SAMPLE: Final = 400_000
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# In order of how common they are in practice: the first of equals wins.
_CANDIDATES: Final = (
    "cp1252", "cp1251", "cp1250", "mac_roman", "cp850", "koi8_r", "cp866", "mac_cyrillic",
    "cp1254", "cp1253", "iso8859_2", "iso8859_15", "cp852", "cp437", "latin_1",
)  # fmt: skip
# Letters that are common in the languages which an encoding was made for.
_LATIN: Final = frozenset("éèêàâçùûôîïëœñáíóúäöüßåøæãõìòÉÈÀÇÑÁÍÓÚÄÖÜØÅ¿¡«»°€’‘“”–…")
_CENTRAL: Final = _LATIN | frozenset("ąćęłńśźżĄĆĘŁŃŚŹŻěščřžýťďňůŠČŘŽőű")
_TURKISH: Final = _LATIN | frozenset("ığşİĞŞ")
_EXPECTED: Final = {
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp852": _CENTRAL,
    "cp1254": _TURKISH,
}
_WORD: Final = re.compile(r"\w+")
_MAX_CONTROLS: Final = 0.002
_CONTROLS: Final = re.compile("[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f\ufffd]")


def decode_text(data: bytes) -> str:
    """Return the text of a file in whatever encoding it has; UnreadableList for binary data."""
    text = _by_mark(data)
    if text is None:
        text = _by_score(data)
    text = text.removeprefix("\ufeff")
    if _looks_binary(text):
        raise UnreadableList(
            "this is not a text file: save the list as CSV (UTF-8), XLSX or ODS and try again"
        )
    return text.replace("\x00", "")


def _by_mark(data: bytes) -> str | None:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data.decode(name, errors="replace")
    head = data[:4096]
    if head:
        # UTF-16 without a mark: nearly every other byte of European text is zero.
        even, odd = head[0::2].count(0), head[1::2].count(0)
        half = max(1, len(head) // 2)
        if odd > half * 0.6 and even < half * 0.1:
            return data.decode("utf-16-le", errors="replace")
        if even > half * 0.6 and odd < half * 0.1:
            return data.decode("utf-16-be", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _by_score(data: bytes) -> str:
    sample = _interesting(data)
    if (eastern := eastern_encoding(sample)) is not None:
        return data.decode(eastern, errors="replace")
    best, best_score = "latin_1", -1e9
    for name in _CANDIDATES:
        try:
            text = sample.decode(name)
        except UnicodeDecodeError:
            continue
        score = _score(text, name)
        if score > best_score:
            best, best_score = name, score
    return data.decode(best, errors="replace")


def _interesting(data: bytes) -> bytes:
    """The lines that hold bytes beyond ASCII: only these can tell encodings apart."""
    lines = [line for line in data[:_SAMPLE].splitlines() if not line.isascii()]
    return b"\n".join(lines) or data[:_SAMPLE]


def _score(text: str, name: str) -> float:
    """How much the reading looks like words: expected letters up, mixtures and symbols down."""
    expected = _EXPECTED.get(name, _LATIN)
    score = 0.0
    for word in _WORD.findall(text):
        if word.isascii():
            continue
        scripts = {_script(c) for c in word if c.isalpha()}
        score -= 3 * (len(scripts) - 1)
        if scripts == {"C"}:
            score += len(word) - 2 * _case_breaks(word)
            continue
        if scripts == {"G"}:
            score += len(word) * 0.9 - 2 * _case_breaks(word)
            continue
        foreign = [c for c in word if not c.isascii()]
        score += sum(1.0 if c in expected else -1.0 for c in foreign)
        score -= 2 * _case_breaks(word)
        if len(foreign) > 3 and len(foreign) > len(word) * 0.6:
            score -= 2 * len(foreign)
    for match in re.finditer(r"[^\x00-\x7f]", text):
        char = match.group()
        if not char.isalnum():
            score += 0.3 if char in expected else -1.5
    return score


def _script(char: str) -> str:
    code = ord(char)
    if 0x400 <= code < 0x530:
        return "C"
    if 0x370 <= code < 0x400:
        return "G"
    return "L" if code < 0x250 else "O"


def _case_breaks(word: str) -> int:
    """Capitals after small letters inside a word: rare in any language, common in misreadings."""
    return sum(a.islower() and b.isupper() for a, b in pairwise(word))


def _looks_binary(text: str) -> bool:
    head = text[:_SAMPLE]
    return len(_CONTROLS.findall(head)) > max(2, len(head) * _MAX_CONTROLS)
