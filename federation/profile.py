"""A region's policy profile: what a network publishes, and its members hold beside their own.

`[1, org, nk, n, day, toml]`, signed by a node key of the network's organisation in the context
`profile`. A profile names some switches and leaves the others to each member. What is in force is
the strictest of both, switch by switch, so a profile can only narrow, and a member may be narrower
still. Invariants: a profile of another organisation or with a lower n replaces nothing; whoever
adopts one has pinned the organisation before.
"""

import json
import tomllib
from dataclasses import dataclass, field
from typing import Any

from federation.errors import PolicyError
from federation.policy import Policy, load_policy, strictest
from keys.orgdoc import OrgDoc
from keys.signing import SIGNATURE_BYTES, SigningKey, verify
from protocol.codec import decode, encode
from protocol.errors import ErrorNumber, ProtocolError, malformed
from protocol.ids import Day, OrgId
from protocol.limits import DAY_MAX, INT_MAX
from protocol.shape import as_array, as_bytes, as_int, as_str

VERSION = 1
PROFILE_BYTES = 20 * 1024
TOML_CHARACTERS = 16_000
CONTEXT = "profile"


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile whose signature was verified; `policy` has the safest value where it says none."""

    org: OrgId
    n: int
    day: Day
    text: str
    policy: Policy = field(repr=False)
    raw: bytes = field(repr=False)
    sig: bytes = field(repr=False)

    @property
    def switches(self) -> tuple[str, ...]:
        """The switches that it names, dotted, in its own order."""
        return tuple(_dotted(tomllib.loads(self.text)))


def sign_profile(key: SigningKey, org: OrgId, n: int, day: Day, text: str) -> Profile:
    """Sign a profile's TOML. PolicyError where it is no policy, or too long."""
    if len(text) > TOML_CHARACTERS:
        raise PolicyError([f"a profile has at most {TOML_CHARACTERS} characters"])
    policy = load_policy(text)
    if not tomllib.loads(text):
        raise PolicyError(["a profile names at least one switch"])
    raw = encode([VERSION, org, key.public, n, day, text])
    return Profile(org, n, day, text, policy, raw, key.sign(CONTEXT, raw))


def decode_profile(raw: bytes, sig: bytes, author: OrgDoc, today: Day) -> Profile:
    """Read and verify a profile of `author`. ProtocolError; PolicyError for another's switches."""
    profile, key = _read(raw, sig)
    if profile.org != author.org:
        raise ProtocolError(ErrorNumber.KEY, "a profile of another organisation")
    if author.key_state(key, today) in {"unknown", "revoked"}:
        raise ProtocolError(ErrorNumber.KEY, "a profile under a key that is not good")
    verify(key, CONTEXT, raw, sig)
    return profile


def stored_profile(value: bytes) -> Profile:
    """A profile that was verified before it was stored, from `encode([bytes, sig])`."""
    raw, sig = as_array(decode(value, limit=PROFILE_BYTES + 1024), 2)
    return _read(as_bytes(raw), as_bytes(sig, SIGNATURE_BYTES))[0]


def author_of(raw: bytes) -> OrgId:
    """Whose profile these bytes say they are, before anything of them is proved."""
    return _read(raw, bytes(SIGNATURE_BYTES))[0].org


def _read(raw: bytes, sig: bytes) -> tuple[Profile, bytes]:
    version, org, key, n, day, text = as_array(decode(raw, limit=PROFILE_BYTES), 6)
    if version != VERSION or version is True:
        raise ProtocolError(ErrorNumber.VERSION, "a profile of another version")
    words = as_str(text, TOML_CHARACTERS)
    profile = Profile(
        OrgId(as_bytes(org, 32)), as_int(n, 1, INT_MAX), Day(as_int(day, 0, DAY_MAX)), words,
        load_policy(words), raw, sig,
    )  # fmt: skip
    if not profile.switches:
        raise malformed("a profile names at least one switch")
    return profile, as_bytes(key, 32)


def in_force(own: Policy, profile: Profile | None) -> Policy:
    """The policy that counts: our own, and stricter wherever the profile names a stricter value."""
    if profile is None:
        return own
    content: dict[str, Any] = own.model_dump(mode="json", by_alias=True)
    for name, value in tomllib.loads(profile.text).items():
        content[name] = {**content[name], **value} if isinstance(value, dict) else value
    return strictest(own, Policy.model_validate_json(json.dumps(content)))


def _dotted(content: dict[str, Any], above: str = "") -> list[str]:
    found: list[str] = []
    for name, value in content.items():
        if isinstance(value, dict):
            found += _dotted(value, f"{above}{name}.")
        else:
            found.append(f"{above}{name}")
    return found
