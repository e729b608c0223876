"""Matching without seeing: RFC 9497, mode OPRF, suite ristretto255-SHA512.

Decides what a token is. An origin evaluates its own identifiers under a key that never leaves it,
and gives peers the tokens in their place. Who wants to know whether a number is among them blinds
it, has it evaluated by the origin, and unblinds: the origin does not see the number, and the tokens
alone cannot be tried out by whoever seizes them. On the spine this stands beside release: a field
at the level `match` is its tokens.

    origin   own_token(key, "phone", "+15105550189")              → token, disclosed as phone.token
    asker    asked = token_input("phone", "+15105550189")
             blinded = blind(asked, random)                       → blinded.element, sent
    origin   evaluate(key.of("phone"), element)                   → evaluated, sent back
    asker    token_of(finalize(asked, blinded, evaluated))        → the same token, or no match

The origin cannot see of which kind a blinded identifier is. So each kind has a secret of its own,
all from one seed: who asks under another kind than the identifier's gets what is no token.

Invariants: an element from outside is refused unless it is the only encoding of an element other
than the identity; a key, a blind and an input are in no repr and in no message. In this mode the
origin proves nothing: a false answer looks like no match, as a silent origin does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from keys.card import OPRF_KID_BYTES
from keys.errors import MatchingUnavailable
from keys.ristretto import (
    UNIFORM_BYTES,
    Group,
    best_group,
    inverse,
    is_scalar,
    multiplied,
    scalar_from,
)
from protocol.errors import ProtocolError, malformed
from protocol.hashing import h
from protocol.limits import MATCH_ITEMS
from protocol.vocabulary import IDENTIFIER_KINDS

OPRF_SEED_BYTES: Final = 32
OPRF_KEY_INFO: Final = b"parasol1.oprf"
OPRF_TOKEN_BYTES: Final = 32

_INPUT_BYTES_MAX = 2**16 - 1
_CONTEXT = b"OPRFV1-\x00-ristretto255-SHA512"  # RFC 9497 §3.1, mode 0x00
_TO_GROUP = b"HashToGroup-" + _CONTEXT
_DERIVE = b"DeriveKeyPair" + _CONTEXT
_FRAME = b"parasol1.id\0"
_HASH_BYTES, _HASH_BLOCK_BYTES = 64, 128  # SHA-512


@dataclass(frozen=True, slots=True)
class KindKey:
    """The key of one kind of identifier, from `derive_kind`. `secret` and `public` are 32 bytes.

    A secret that is no scalar is a ValueError: a fault of the program.
    """

    secret: bytes = field(repr=False)
    public: bytes = field(init=False)

    def __post_init__(self) -> None:
        _need_scalar(self.secret)
        object.__setattr__(self, "public", _group().multiply_base(self.secret))


@dataclass(frozen=True, slots=True)
class OprfKey:
    """An origin's key for tokens, from `derive_key`: one for each of IDENTIFIER_KINDS."""

    kinds: Mapping[str, KindKey]
    kid: bytes = field(init=False)  # the eight bytes by which cards and tokens name this key

    def __post_init__(self) -> None:
        publics = b"".join(self.kinds[kind].public for kind in IDENTIFIER_KINDS)
        object.__setattr__(self, "kid", h("oprf", publics)[:OPRF_KID_BYTES])

    def of(self, idkind: str) -> KindKey:
        """The key of one kind. ProtocolError MALFORMED for what is none of IDENTIFIER_KINDS."""
        if idkind not in self.kinds:
            raise _no_token()
        return self.kinds[idkind]


@dataclass(frozen=True, slots=True)
class Blinded:
    """What the asker keeps (`scalar`) and what it sends (`element`); 32 bytes each."""

    scalar: bytes = field(repr=False)
    element: bytes

    def __post_init__(self) -> None:
        _need_scalar(self.scalar)


def oprf_available() -> bool:
    """Whether this machine can match; if not, every function here raises MatchingUnavailable."""
    return best_group() is not None


def derive_key(seed: bytes) -> OprfKey:
    """Make an origin's key from its 32 secret bytes; another length is a ValueError."""
    return OprfKey({kind: derive_kind(seed, kind_info(kind)) for kind in IDENTIFIER_KINDS})


def kind_info(idkind: str) -> bytes:
    """The public text from which, with the seed, the key of a kind follows."""
    return OPRF_KEY_INFO + b"\0" + idkind.encode("ascii")


def derive_kind(seed: bytes, info: bytes) -> KindKey:
    """Make the key that follows from 32 secret bytes and a public text. RFC 9497 §3.2.1.

    Another length of the seed, or 65,536 bytes of info, are a ValueError: a fault of the program.
    """
    if len(seed) != OPRF_SEED_BYTES:
        raise ValueError("an OPRF seed is 32 bytes")
    if len(info) >= 2**16:
        raise ValueError("the info of an OPRF key is too long")
    material = seed + len(info).to_bytes(2, "big") + info
    for count in range(256):
        uniform = expand_message_xmd(material + bytes([count]), _DERIVE, UNIFORM_BYTES)
        scalar = scalar_from(uniform)
        if scalar is not None:
            return KindKey(scalar)
    raise ValueError("no key follows from this seed")  # once in 2^64,000 seeds


def token_input(idkind: str, normal: str) -> bytes:
    """Frame an identifier in its normal form for evaluation.

    `idkind` is one of IDENTIFIER_KINDS; ProtocolError MALFORMED for others, since names and photos
    are never tokens.
    """
    if idkind not in IDENTIFIER_KINDS:
        raise _no_token()
    return _FRAME + idkind.encode("ascii") + b"\0" + normal.encode("utf-8")


def token_of(output: bytes) -> bytes:
    """The token, 32 bytes, from the function's output."""
    return output[:OPRF_TOKEN_BYTES]


def own_token(key: OprfKey, idkind: str, normal: str) -> bytes:
    """The token of an identifier of our own, 32 bytes; what an asker finds by blinding."""
    return token_of(evaluate_own(key.of(idkind), token_input(idkind, normal)))


def evaluate_own(key: KindKey, data: bytes) -> bytes:
    """Evaluate an input that we know, without blinding; 64 bytes. RFC 9497 §3.3.1, Evaluate."""
    group = _group()
    return _output(data, multiplied(group, key.secret, _element_of(group, data)))


def blind(data: bytes, random: Callable[[int], bytes]) -> Blinded:
    """Hide an input of at most 65,535 bytes under 64 bytes of `random`. RFC 9497 §3.3.1, Blind."""
    group = _group()
    scalar = scalar_from(random(UNIFORM_BYTES))
    while scalar is None:
        scalar = scalar_from(random(UNIFORM_BYTES))
    return Blinded(scalar, multiplied(group, scalar, _element_of(group, data)))


def evaluate(key: KindKey, element: bytes) -> bytes:
    """Answer a peer's blinded element; 32 bytes. RFC 9497 §3.3.1, BlindEvaluate.

    ProtocolError MALFORMED for bytes that are no element, or the identity.
    """
    return multiplied(_group(), key.secret, element)


def finalize(data: bytes, blinded: Blinded, evaluated: bytes) -> bytes:
    """Unblind an origin's answer about `data`; 64 bytes. RFC 9497 §3.3.1, Finalize.

    ProtocolError MALFORMED for an answer that is no element, or the identity.
    """
    return _output(data, multiplied(_group(), inverse(blinded.scalar), evaluated))


def blind_all(items: Sequence[bytes], random: Callable[[int], bytes]) -> list[Blinded]:
    """Blind the inputs of one `match`; more than MATCH_ITEMS are a ValueError."""
    if len(items) > MATCH_ITEMS:
        raise ValueError("too many identifiers for one question")
    return [blind(data, random) for data in items]


def evaluate_all(key: KindKey, elements: Sequence[bytes]) -> list[bytes]:
    """Answer the elements of one `match`, in their order.

    All are refused for one bad one, or for more than MATCH_ITEMS: ProtocolError MALFORMED. A
    millisecond, or some 25 without a libsodium of the system: run it in a thread.
    """
    if len(elements) > MATCH_ITEMS:
        raise malformed("more elements than one match may carry")
    return [evaluate(key, element) for element in elements]


def finalize_all(
    items: Sequence[bytes], blinds: Sequence[Blinded], evaluated: Sequence[bytes]
) -> list[bytes]:
    """Unblind the answers to one `match`; 64 bytes each, in their order.

    ProtocolError MALFORMED for one bad answer, or for fewer or more than were asked for.
    """
    if len(evaluated) != len(blinds):
        raise malformed("not as many answers as were asked for")
    together = zip(items, blinds, evaluated, strict=True)
    return [finalize(data, blinded, answer) for data, blinded, answer in together]


def expand_message_xmd(message: bytes, tag: bytes, size: int) -> bytes:
    """Stretch a message to uniform bytes with SHA-512. RFC 9380 §5.3.1.

    `tag` is at most 255 bytes and `size` at most 16,320; more is an error of the program.
    """
    suffix = tag + bytes([len(tag)])
    head = bytes(_HASH_BLOCK_BYTES) + message + size.to_bytes(2, "big") + b"\0" + suffix
    first = hashlib.sha512(head).digest()
    blocks = [hashlib.sha512(first + b"\1" + suffix).digest()]
    while len(blocks) * _HASH_BYTES < size:
        mixed = bytes(one ^ other for one, other in zip(first, blocks[-1], strict=True))
        blocks.append(hashlib.sha512(mixed + bytes([len(blocks) + 1]) + suffix).digest())
    return b"".join(blocks)[:size]


def _no_token() -> ProtocolError:
    return malformed("this kind of identifier has no token")


def _group() -> Group:
    group = best_group()
    if group is None:
        raise MatchingUnavailable(MatchingUnavailable.__doc__)
    return group


def _need_scalar(value: bytes) -> None:
    if not is_scalar(value):
        raise ValueError("not a scalar of the group")


def _element_of(group: Group, data: bytes) -> bytes:
    """Hash an input to the group. RFC 9497 §4.1; an identity ends in a refusal by `multiplied`."""
    if len(data) > _INPUT_BYTES_MAX:
        raise malformed("an input of more than 65,535 bytes")
    return group.from_hash(expand_message_xmd(data, _TO_GROUP, UNIFORM_BYTES))


def _output(data: bytes, element: bytes) -> bytes:
    """Hash input and element to the function's output. RFC 9497 §3.3.1."""
    framed = b"".join(len(part).to_bytes(2, "big") + part for part in (data, element))
    return hashlib.sha512(framed + b"Finalize").digest()
