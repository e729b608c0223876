"""The tokens of our own identifiers: leaves that stand beside the clear and the masked forms.

Made whenever a record is signed, of the normal forms, for each kind of identifier that the policy
shares at `match` or above; what of it goes to whom is decided by `federation.release`. Names and
photos have none. Where this machine cannot match, records are signed as they were, without.
"""

from collections.abc import Iterator, Mapping

from federation.policy import LEVELS, Policy, value_of
from keys.oprf import OprfKey, own_token
from protocol.codec import Value
from protocol.vocabulary import IDENTIFIER_KINDS

_MATCH = "match"


def matched_kinds(policy: Policy) -> Iterator[str]:
    """The kinds of identifier of which a policy lets tokens out."""
    for kind in IDENTIFIER_KINDS:
        switch = f"identifiers.{kind}"
        order = LEVELS[switch]
        if order.index(str(value_of(policy, switch))) >= order.index(_MATCH):
            yield kind


def with_tokens(
    leaves: Mapping[str, Value], policy: Policy, key: OprfKey | None
) -> dict[str, Value]:
    """These leaves with the tokens that belong beside the clear forms, and no others beside them.

    Tokens alone stay as they are, and so do all without a key: nobody could make others. An
    identifier takes 40 µs or, without a libsodium of the system, a millisecond: run it in a thread.
    """
    if key is None:
        return dict(leaves)
    after = dict(leaves)
    shared = frozenset(matched_kinds(policy))
    for kind in IDENTIFIER_KINDS:
        normals = leaves.get(kind)
        if not isinstance(normals, list):
            continue
        after.pop(token_leaf(kind), None)
        if kind in shared:
            found = sorted({own_token(key, kind, str(normal)) for normal in normals})
            after[token_leaf(kind)] = [[key.kid, token] for token in found]
    return after


def needs_tokens(leaves: Mapping[str, Value], policy: Policy, key: OprfKey | None) -> bool:
    """Whether `with_tokens` would change these leaves; no token is made to find out."""
    if key is None:
        return False
    shared = frozenset(matched_kinds(policy))
    for kind in IDENTIFIER_KINDS:
        token = token_leaf(kind)
        if kind not in leaves:
            continue
        if (kind in shared) != (token in leaves):
            return True
        if token in leaves and _is_of_another_key(leaves[token], key):
            return True
    return False


def token_leaf(kind: str) -> str:
    """The leaf of a kind's tokens."""
    return f"{kind}.token"


def is_token(leaf: str) -> bool:
    """Whether a leaf holds tokens."""
    return leaf.endswith(".token")


def _is_of_another_key(value: Value, key: OprfKey) -> bool:
    return not isinstance(value, list) or any(
        not isinstance(pair, list) or pair[0] != key.kid for pair in value
    )
