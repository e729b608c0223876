"""What the offline roots sign: the organisation's next document, with or without its node.

A keeper whose server was seized has the paper words and a copy of the documents, nothing else: all
of this works from those two, on any laptop. A document travels as text, `parasol1d:` and base32, in
a file for `parasol peer update`, and at the end of each recovery file.

Invariants: a new document keeps what the old one listed and revoked; its version is higher, or its
generation is the next one.
"""

import base64
import binascii
from collections.abc import Sequence

from keys.documents import Documents, decode_documents, encode_documents
from keys.errors import BadPhrase
from keys.orgdoc import MAX_KEYS, OrgDoc, next_hash, sign_orgdoc
from keys.phrase import phrase_to_key
from keys.signing import SigningKey
from node.errors import BadRequest
from protocol.codec import decode, encode
from protocol.errors import malformed
from protocol.ids import NodeKey, text_id

ORGDOC_DAYS = 395  # under the protocol's 400, and over a year: volunteers renew it once a year
DOCUMENT_PREFIX = "parasol1d:"
_LINE = 64
_MOST = 512 * 1024


def render_document(orgdocs: Sequence[OrgDoc]) -> str:
    """Write a chain of org documents, from generation 0 on, as text of short lines."""
    raw = encode(encode_documents(Documents(tuple(orgdocs), None)))
    letters = base64.b32encode(raw).decode().rstrip("=").lower()
    lines = [letters[at : at + _LINE] for at in range(0, len(letters), _LINE)]
    return DOCUMENT_PREFIX + "\n" + "\n".join(lines) + "\n"


def parse_document(text: str) -> Documents:
    """Read and verify the documents in a text, which may stand among others, as in a recovery file.

    ProtocolError as `decode_documents` has it; MALFORMED where there is no document.
    """
    _, found, rest = text.partition(DOCUMENT_PREFIX)
    letters = "".join(rest.split("\n\n")[0].split()).upper()
    if not found:
        raise malformed(f"no organisation document: it begins with {DOCUMENT_PREFIX}")
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        raise malformed("the organisation document is damaged; copy it again") from None
    return decode_documents(decode(raw, limit=_MOST))


def read_words(text: str) -> str:
    """Give the words of a recovery file, or of a text of words alone."""
    words = text.partition(DOCUMENT_PREFIX)[0].splitlines()
    return " ".join(line for line in words if not line.lstrip().startswith("#"))


def root_of(documents: Documents, phrase: str) -> SigningKey:
    """Give the root behind the words. BadPhrase where they are not this organisation's root."""
    key, current = phrase_to_key(phrase), documents.current
    if key.public == current.root:
        return key
    if next_hash(key.public) == current.next:
        raise BadPhrase("these are the words of the next root; give those of the root")
    raise BadPhrase("these words are not the root of this organisation")


def next_root_of(documents: Documents, phrase: str) -> SigningKey:
    """Give the next root behind the words. BadPhrase where the document did not commit to it."""
    key, current = phrase_to_key(phrase), documents.current
    if next_hash(key.public) == current.next:
        return key
    if key.public == current.root:
        raise BadPhrase("these are the words of the root; give those of the next root")
    raise BadPhrase("these words are not the next root of this organisation")


def find_key(documents: Documents, text: str) -> NodeKey:
    """Find a node key by the start of its id. BadRequest where none or several begin so."""
    wanted = text.strip().lower()
    found = [key for key, _, _ in documents.current.keys if text_id(key).startswith(wanted)]
    if not wanted or len(found) != 1:
        known = ", ".join(text_id(key)[:12] for key, _, _ in documents.current.keys)
        raise BadRequest(f"key: the start of one of {known}")
    return found[0]


def rotated(
    documents: Documents, root: SigningKey, new_key: NodeKey, today: int, *, drop: Sequence[NodeKey]
) -> OrgDoc:
    """Sign the next version with a new node key, without the keys in `drop`."""
    rows = [row for row in _renewed(documents, today) if row[0] not in drop]
    if len(rows) >= MAX_KEYS:
        raise BadRequest(f"the document lists {MAX_KEYS} keys already; drop an old one")
    rows.append((new_key, today - 1, today + ORGDOC_DAYS))
    return _next_version(documents, root, today, keys=rows, revoked=documents.current.revoked)


def renewed(documents: Documents, root: SigningKey, today: int) -> OrgDoc:
    """Sign the next version with the same keys, for another year."""
    keys = _renewed(documents, today)
    return _next_version(documents, root, today, keys=keys, revoked=documents.current.revoked)


def revoked(
    documents: Documents,
    root: SigningKey,
    key: NodeKey,
    since: int,
    today: int,
    *,
    step: int = 1,
) -> OrgDoc:
    """Sign the next version with a key revoked from the day `since` on.

    `step` is how far the version counts up: more than 1 where newer versions may be out there.
    """
    return _next_version(
        documents,
        root,
        today,
        keys=_renewed(documents, today),
        revoked=_also_revoked(documents, key, since),
        step=step,
    )


def recovered(
    documents: Documents,
    next_root: SigningKey,
    next_: bytes,
    today: int,
    *,
    revoke: tuple[NodeKey, int] | None = None,
) -> OrgDoc:
    """Sign the next generation with the pre-committed root; `next_` commits to the one after it."""
    current = documents.current
    revoked_rows = current.revoked if revoke is None else _also_revoked(documents, *revoke)
    return sign_orgdoc(
        next_root,
        gen=current.gen + 1,
        ver=1,
        next_=next_,
        iat=today,
        exp=today + ORGDOC_DAYS,
        name=current.name,
        keys=_renewed(documents, today),
        revoked=revoked_rows,
        org=current.org,
    )


def chain_with(documents: Documents, new: OrgDoc) -> tuple[OrgDoc, ...]:
    """Give the chain to hand out: the newest of each generation, and the new document last."""
    return (*(each for each in documents.orgdocs if each.gen != new.gen), new)


def _renewed(documents: Documents, today: int) -> list[tuple[NodeKey, int, int]]:
    """Give the listed keys; those still valid last as long as the new document."""
    return [
        (key, first, max(last, today + ORGDOC_DAYS) if last >= today else last)
        for key, first, last in documents.current.keys
    ]


def _also_revoked(
    documents: Documents, key: NodeKey, since: int
) -> tuple[tuple[NodeKey, int], ...]:
    others = [(each, day) for each, day in documents.current.revoked if each != key]
    earlier = [day for each, day in documents.current.revoked if each == key]
    return (*others, (key, min([since, *earlier])))


def _next_version(
    documents: Documents,
    root: SigningKey,
    today: int,
    *,
    keys: Sequence[tuple[NodeKey, int, int]],
    revoked: Sequence[tuple[NodeKey, int]],
    step: int = 1,
) -> OrgDoc:
    current = documents.current
    return sign_orgdoc(
        root,
        gen=current.gen,
        ver=current.ver + step,
        next_=current.next,
        iat=today,
        exp=today + ORGDOC_DAYS,
        name=current.name,
        keys=keys,
        revoked=revoked,
        org=current.org,
    )
