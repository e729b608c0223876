"""What can go wrong with this node's own keys, in words that a keeper may read.

The tree: `KeysError` ← `WrongPassphrase`, `NoPassphrase`, `KeystoreExists`, `KeystoreMissing`,
`KeystoreDamaged`, `UnsafeMode`, `BadPhrase`, `BadDocument`, `MatchingUnavailable`.

Invariant: bytes that came from somebody else raise `protocol.errors.ProtocolError`, never one of
these. No message holds a secret, not even a part of one.
"""

from __future__ import annotations

from protocol.errors import ParasolError


class KeysError(ParasolError):
    """Something is wrong with this node's keys."""

    code = "keys"


class WrongPassphrase(KeysError):
    """The passphrase does not open the keystore, or the file was damaged."""

    code = "wrong_passphrase"


class NoPassphrase(KeysError):
    """No passphrase was given; name a file that holds it, or run on a terminal."""

    code = "no_passphrase"


class KeystoreExists(KeysError):
    """There is a keystore already, and keys are never overwritten."""

    code = "keystore_exists"


class KeystoreMissing(KeysError):
    """There is no keystore here; run `parasol init` first."""

    code = "keystore_missing"


class KeystoreDamaged(KeysError):
    """The file is not a keystore that this version can read."""

    code = "keystore_damaged"


class UnsafeMode(KeysError):
    """A secret file can be read by other people on this machine."""

    code = "unsafe_mode"


class BadPhrase(KeysError):
    """These are not 24 recovery words."""

    code = "bad_phrase"


class BadDocument(KeysError):
    """A document that we were about to sign breaks a rule."""

    code = "bad_document"


class MatchingUnavailable(KeysError):
    """This machine cannot match without seeing: its libsodium was built without the curve."""

    code = "matching_unavailable"
