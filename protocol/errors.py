"""What may go wrong, as a tree of types with stable machine codes.

    ParasolError                 the root: everything this program raises on purpose
    ├── ProtocolError            untrusted bytes were refused; carries the number a peer is told
    ├── IdentifierError          a person's text is no number, address, plate, handle or profile
    └── KeysError, FederationError, NodeError: the other packages' bases, in their own errors.py

Invariant: whatever bytes come from outside, decoding them succeeds or raises ProtocolError and
nothing else. Messages never quote the bytes or the text that were refused: they may be logged.
"""

from __future__ import annotations

from enum import IntEnum


class ParasolError(Exception):
    """Something this program refuses or could not do."""

    code: str = "error"


class ErrorNumber(IntEnum):
    """The number that an `err` message carries to a peer."""

    MALFORMED = 1
    VERSION = 2
    KEY = 3
    SIGNATURE = 4
    STALE = 5
    CLOCK = 6
    TOO_BIG = 7
    QUOTA = 8
    BUSY = 9
    NOT_GRANTED = 10
    CONFLICT = 11
    GONE = 12
    LOCKED = 13
    UNVERIFIED_PEER = 14


class ProtocolError(ParasolError):
    """Bytes or a request from outside were refused."""

    def __init__(self, number: ErrorNumber, message: str, detail: int = 0) -> None:
        """Refuse with the number a peer is told.

        `detail` is the number's argument: the last n (STALE), the time now in microseconds
        (CLOCK), seconds to wait (QUOTA, BUSY); otherwise 0.
        """
        super().__init__(message)
        self.number = number
        self.detail = detail
        self.code = number.name.lower()


class IdentifierError(ParasolError):
    """This text is not a usable phone number, email address, plate, handle or profile."""

    code = "identifier"


def malformed(message: str) -> ProtocolError:
    """Return the refusal for bytes that break a rule of form."""
    return ProtocolError(ErrorNumber.MALFORMED, message)


def too_big(message: str) -> ProtocolError:
    """Return the refusal for bytes that exceed a limit of size."""
    return ProtocolError(ErrorNumber.TOO_BIG, message)
