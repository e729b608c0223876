"""What a policy may not ask of this release yet: a switch that would promise and do nothing.

Asked at the start of a node, by `policy apply` and by `policy check`. A setting is refused where it
is wider than the safest and nothing here could hold it; the safest value of every switch acts by
itself. `photo = "moderator"` stands: no photo goes without a moderator's word, and there is no way
yet to give it.
"""

from collections.abc import Iterator

from federation.errors import PolicyError
from federation.policy import OptIn, Policy

_SAFEST = OptIn()


def cannot_act(policy: Policy) -> Iterator[str]:
    """Give a line for each switch that is set to what this release cannot do."""
    if policy.photo == "allow":
        yield 'photo: alerts have no photos yet; set "never", or "moderator"'
    nobody = "nobody is notified yet, so that nothing could hold to this"
    if not policy.optin.double:
        yield f"optin.double: {nobody}; leave it true"
    if not policy.optin.neutral_sender:
        yield f"optin.neutral_sender: {nobody}; leave it true"
    if policy.optin.stop_word != _SAFEST.stop_word:
        yield f'optin.stop_word: {nobody}; leave it "{_SAFEST.stop_word}"'


def refuse_what_cannot_act(policy: Policy) -> None:
    """Raise PolicyError with a line for each switch that this release cannot hold to."""
    lines = list(cannot_act(policy))
    if lines:
        raise PolicyError(lines)
