"""A member's news as Atom (RFC 4287) and as JSON Feed 1.1, for readers that belong to others.

What stands in a feed is kept by programs and companies that nobody here knows, and shown on locked
screens. So an entry says how dangerous, what happened, in which city or region and in what kind of
place, and no more: no number, address, plate or name, not even in part, no words of hers, no day,
no organisation. Its id is random and its link asks for signing in. What went is named as gone
(RFC 6721), without a word of what it was.
"""

import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any, Final
from xml.etree import ElementTree as ET

from node.news import Entry, News, atom_time
from node.typed import clean_line
from node.web.shown_fields import Tr
from node.web.vocabulary_words import word

ATOM: Final = "http://www.w3.org/2005/Atom"
TOMBSTONES: Final = "http://purl.org/atompub/tombstones/1.0"
XML_LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
SAID: Final = ("place.city", "place.region")  # the finer one that is there
ET.register_namespace("", ATOM)
ET.register_namespace("at", TOMBSTONES)


def feed_id(hash_: bytes) -> str:
    """The feed's own id: of its address, which nobody can work out from it."""
    return _urn(hashlib.blake2b(hash_, digest_size=16).hexdigest())


def atom(news: News, id_: str, since_us: int, base: str, language: str, tr: Tr) -> bytes:
    """The feed as Atom. `base` is the address of the pages."""
    root = ET.Element(f"{{{ATOM}}}feed", {XML_LANG: language})
    _add(root, "id", id_)
    _add(root, "title", tr("News"))
    _add(root, "updated", atom_time(news.changed_us or since_us))
    _add(_add(root, "author"), "name", tr("News"))
    for each in news.entries:
        entry = _add(root, "entry")
        title, words = _words(each, tr)
        _add(entry, "id", _urn(each.id))
        _add(entry, "title", title)
        _add(entry, "published", atom_time(each.published_us))
        _add(entry, "updated", atom_time(each.changed_us))
        _add(entry, "link", rel="alternate", href=_link(each, base))
        _add(entry, "content", words, type="text")
    for name, gone_us in news.gone:
        attributes = {"ref": _urn(name), "when": atom_time(gone_us)}
        ET.SubElement(root, f"{{{TOMBSTONES}}}deleted-entry", attributes)
    found: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return found


def json_feed(news: News, base: str, language: str, tr: Tr) -> bytes:
    """The feed as JSON Feed 1.1, with what is gone in an extension of its own."""
    items = []
    for each in news.entries:
        title, words = _words(each, tr)
        items.append(
            {
                "id": _urn(each.id), "url": _link(each, base), "title": title,
                "content_text": words, "date_published": atom_time(each.published_us),
                "date_modified": atom_time(each.changed_us),
            }
        )  # fmt: skip
    gone = [{"ref": _urn(name), "when": atom_time(us)} for name, us in news.gone]
    feed: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": tr("News"),
        "language": language,
        "items": items,
        "_deleted": {"about": "https://www.rfc-editor.org/rfc/rfc6721", "entries": gone},
    }
    return json.dumps(feed, ensure_ascii=False).encode()


def _words(entry: Entry, tr: Tr) -> tuple[str, str]:
    """The title and the text of an entry."""
    if not entry.day:
        (alert,) = entry.alerts
        return _title(alert, tr), _text(alert, tr)
    lines = [f"{_title(alert, tr)}: {_text(alert, tr)}" for alert in entry.alerts]
    if entry.gone:
        lines.append(tr("Taken back since: %(count)s", count=entry.gone))
    return tr("%(count)s on %(day)s", count=len(entry.alerts), day=entry.day), "\n".join(lines)


def _title(alert: Mapping[str, Any], tr: Tr) -> str:
    fields = alert["fields"]
    place = next((_plain(str(fields[name])) for name in SAID if name in fields), "")
    return " · ".join(filter(None, (word(alert["severity"], tr), place)))


def _plain(text: str) -> str:
    """Others' words without what is no character: one U+FFFE and no reader takes the whole feed."""
    return "".join(each for each in clean_line(text) if ord(each) & 0xFFFE != 0xFFFE)


def _text(alert: Mapping[str, Any], tr: Tr) -> str:
    parts = [word(code, tr) for code in alert["codes"]]
    if "location_type" in alert["fields"]:
        parts.append(word(alert["fields"]["location_type"], tr))
    if alert["rev"] > 1:
        parts.append(tr("corrected"))
    return ", ".join(parts)


def _link(entry: Entry, base: str) -> str:
    return f"{base}/list" if entry.day else f"{base}/me/news/{entry.id}"


def _urn(name: str) -> str:
    return uuid.UUID(hex=name).urn


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    made = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    made.text = text
    return made
