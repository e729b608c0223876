"""Errors of the federation package, apart from what a peer's bytes may raise.

    ParasolError
    ├── ProtocolError          (protocol.errors: any untrusted bytes)
    └── FederationError
        ├── PolicyError        a policy file cannot be used
        └── Unreachable        a peer's endpoint gave no usable answer

Invariant: a message names the switch or the peer, never a value out of a report.
"""

from collections.abc import Sequence

from protocol.errors import ParasolError


class FederationError(ParasolError):
    """Something between this node and its peers cannot be done."""

    code = "federation"


class PolicyError(FederationError):
    """This policy cannot be used; each problem names a switch and what it may be set to."""

    code = "policy"

    def __init__(self, problems: Sequence[str]) -> None:
        """Take one line per problem, in the order of the file."""
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Unreachable(FederationError):
    """The peer's endpoint gave no usable answer; it is tried again later."""

    code = "unreachable"

    def __init__(self, why: str, message: str) -> None:
        """`why` is a short code for tables; neither names the address."""
        super().__init__(message)
        self.why = why
