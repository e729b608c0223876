"""Members' passphrases: hashed with Argon2id, in threads, a few at a time.

A sign-in under a name that nobody has costs the same as one with a wrong passphrase.
"""

import asyncio

import nacl.exceptions
import nacl.pwhash

LEAST = 10
MOST = 256
OPS, MEMORY = 2, 19 * 1024 * 1024  # of the OWASP recommendation for Argon2id
AT_ONCE = 2


class Passphrases:
    """Hashes and checks; two at a time, so that many tries do not fill the memory."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._nobody: str | None = None

    async def hash(self, passphrase: str) -> str:
        """The text to store, with its own salt."""
        async with self._turn:
            return await asyncio.to_thread(_hash, passphrase)

    async def fits(self, passphrase: str, secret: str | None) -> bool:
        """Whether a passphrase is the one behind a stored text; None takes as long, and is a no."""
        if self._nobody is None:
            self._nobody = await self.hash("nobody has this name")
        async with self._turn:
            fits = await asyncio.to_thread(_fits, passphrase, secret or self._nobody)
        return fits and secret is not None


def _hash(passphrase: str) -> str:
    return nacl.pwhash.argon2id.str(passphrase.encode(), OPS, MEMORY).decode()


def _fits(passphrase: str, secret: str) -> bool:
    try:
        return nacl.pwhash.verify(secret.encode(), passphrase.encode())
    except nacl.exceptions.InvalidkeyError:
        return False
