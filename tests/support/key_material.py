"""Made-up organisations with keys that are the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from keys.card import Accepts, Card, sign_card
from keys.documents import Documents
from keys.envelope import BoxKey, make_box_key
from keys.orgdoc import OrgDoc, next_hash, sign_orgdoc
from keys.signing import SigningKey
from protocol.ids import OrgId

TODAY = 20_454  # 2026-01-01
ACCEPTS = Accepts("US-CA", "criminalised", (("identifiers.phone", "clear"), ("text", "edited")))


def counted_random(label: str) -> Iterator[bytes]:
    """An endless, repeatable stream of single bytes."""
    count = 0
    while True:
        yield from (
            bytes([b]) for b in blake2b(f"{label}/{count}".encode(), digest_size=64).digest()
        )
        count += 1


class Chance:
    """A `random` that gives the same bytes in every run."""

    def __init__(self, label: str) -> None:
        """Begin the stream that `label` names."""
        self._stream = counted_random(label)

    def __call__(self, size: int) -> bytes:
        """Give the next `size` bytes."""
        return b"".join(next(self._stream) for _ in range(size))


@dataclass(frozen=True, slots=True)
class MadeUp:
    """An organisation with three roots in reserve, two node keys and a box key."""

    name: str
    roots: tuple[SigningKey, ...] = field(repr=False)
    node_key: SigningKey = field(repr=False)
    other_node_key: SigningKey = field(repr=False)
    box: BoxKey = field(repr=False)

    @property
    def org(self) -> OrgId:
        """The id that the first document gives."""
        return self.doc().org

    def doc(
        self,
        gen: int = 0,
        ver: int = 1,
        *,
        root: SigningKey | None = None,
        next_root: SigningKey | None = None,
        keys: tuple[tuple[SigningKey, int, int], ...] | None = None,
        revoked: tuple[tuple[SigningKey, int], ...] = (),
        name: str | None = None,
    ) -> OrgDoc:
        """Sign one document; what is not said follows the rules."""
        listed = keys if keys is not None else ((self.node_key, TODAY, TODAY + 365),)
        return sign_orgdoc(
            root or self.roots[gen],
            gen=gen,
            ver=ver,
            next_=next_hash((next_root or self.roots[gen + 1]).public),
            iat=TODAY,
            exp=TODAY + 365,
            name=name or self.name,
            keys=[(key.public, start, end) for key, start, end in listed],
            revoked=[(key.public, since) for key, since in revoked],
            org=None if gen == 0 else self.org,
        )

    def card(
        self, n: int = 1, *, node_key: SigningKey | None = None, org: OrgId | None = None
    ) -> Card:
        """Sign a card."""
        return sign_card(
            node_key or self.node_key,
            org=org or self.org,
            n=n,
            box_public=self.box.public,
            exp_day=TODAY + 45,
            endpoints=["https://node.example.org/s/0123456789abcdef"],
            features=["mailbox"],
            accepts=ACCEPTS,
        )

    def documents(self) -> Documents:
        """The first document and a card."""
        return Documents((self.doc(),), self.card())


def made_up(name: str) -> MadeUp:
    """Make an organisation whose keys follow from its name."""
    chance = Chance(name)
    roots = tuple(SigningKey(chance(32)) for _ in range(4))
    node_key, other = SigningKey(chance(32)), SigningKey(chance(32))
    return MadeUp(name, roots, node_key, other, make_box_key(chance(32), TODAY))
