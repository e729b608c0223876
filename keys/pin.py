"""The pin: which org document of an organisation we believe, and how it may be followed.

Decides succession. Within a generation root and next root stay, the version rises and the same
root signs. A new generation is signed by the root that the old one committed to, whatever its
version, so the keeper of the next root overrules a thief of the current one.

Invariants: a pin never goes back (an older document changes nothing, so that a restored peer can
still say hello); two documents for one (gen, ver) are an alarm, with both texts as the proof.
"""

from __future__ import annotations

from collections.abc import Sequence

from keys.orgdoc import OrgDoc, next_hash
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import OrgId


class Equivocation(ProtocolError):
    """An organisation signed two different documents under one version: its root may be stolen.

    `.known` and `.other` are the two; automatic updates stop until a person has looked.
    """

    def __init__(self, known: OrgDoc, other: OrgDoc) -> None:
        super().__init__(
            ErrorNumber.KEY, "an organisation signed two different documents under one version"
        )
        self.known = known
        self.other = other


def accept(pinned: OrgDoc | None, chain: Sequence[OrgDoc], org: OrgId | None = None) -> OrgDoc:
    """Follow a chain of org documents from the pin and return the newest one accepted.

    Without a pin the chain must begin with generation 0, which ties it to `org` (any, if None).
    The result is `pinned` itself where the chain holds nothing newer. ProtocolError KEY for a chain
    that does not follow; Equivocation for other bytes under a known (gen, ver).
    """
    if not chain:
        raise ProtocolError(ErrorNumber.KEY, "there is no org document to follow")
    expected = pinned.org if pinned is not None else org or chain[0].org
    if any(document.org != expected for document in chain) or (org or expected) != expected:
        raise ProtocolError(ErrorNumber.KEY, "an org document of another organisation")
    current = pinned
    if current is None:
        current = chain[0]
        if current.gen != 0:
            raise ProtocolError(ErrorNumber.KEY, "a first contact must begin with generation 0")
    for document in chain:
        current = _follow(current, document)
    return current


def _follow(current: OrgDoc, document: OrgDoc) -> OrgDoc:
    if document.gen < current.gen:
        return current
    if document.gen == current.gen:
        if document.ver == current.ver and document.raw != current.raw:
            raise Equivocation(current, document)
        if (document.root, document.next) != (current.root, current.next):
            raise ProtocolError(ErrorNumber.KEY, "a root may only change with the generation")
        return document if document.ver > current.ver else current
    if document.gen != current.gen + 1:
        raise ProtocolError(ErrorNumber.KEY, "a generation is missing between org documents")
    if next_hash(document.root) != current.next:
        raise ProtocolError(ErrorNumber.KEY, "a new root is not the one that was committed to")
    return document
