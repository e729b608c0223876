"""The keystore: this node's online secrets in one small encrypted file.

Decides the file: a first line that names it, then `[1, passes, KiB, salt, nonce, box]`. The
passphrase goes through Argon2id with the cost that the file states, and opens the box
(XSalsa20-Poly1305) that holds the node keys, the box keys, the store's key, our own documents and
the seed of our tokens. The offline roots are never in it.

Version 1 had no seed: it is read with an empty one, and written as version 2.

Invariants: a stated cost above the bounds is refused before any memory is taken; a keystore is
never overwritten by creating one; writing is all or nothing, mode 0600.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from nacl import bindings
from nacl.exceptions import CryptoError
from nacl.exceptions import RuntimeError as SodiumRuntimeError
from nacl.pwhash import argon2id

from keys.envelope import BoxKey, make_box_key
from keys.errors import KeysError, KeystoreDamaged, KeystoreMissing, WrongPassphrase
from keys.oprf import OPRF_SEED_BYTES
from keys.passphrase import read_passphrase as read_passphrase  # noqa: PLC0414  # offered here too
from keys.secretfile import read_secret_file, write_secret_file
from keys.signing import SEED_BYTES, SigningKey
from protocol.codec import Value, decode, encode
from protocol.errors import ProtocolError, malformed
from protocol.ids import Day, OrgId
from protocol.limits import DAY_MAX, INT_MAX
from protocol.shape import as_array, as_bytes, as_int

MAGIC = b"parasol1 keystore\n"
VERSION = 2
READS = (1, VERSION)
MAX_FILE = 1 << 20
STORE_KEY_BYTES = 32
SALT_BYTES = argon2id.SALTBYTES
NONCE_BYTES = bindings.crypto_secretbox_NONCEBYTES

# RFC 9106 leaves the cost to the machine; this takes 15-60 ms on small boards and fits beside a
# running node. The bounds keep a hostile file from taking all memory or hours.
PASSES = 2
MEMORY_KIB = 19 * 1024
MAX_PASSES = 16
MIN_KIB, MAX_KIB = 8, 256 * 1024


@dataclass(frozen=True, slots=True)
class Keystore:
    """What a node keeps secret, and the documents that it speaks under.

    `node_keys` and `box_keys` have the newest first; `orgdocs` are (raw, sig) pairs from generation
    0 on; `card_n` is the last card's n. `oprf_seed` is empty where none was made yet.
    """

    org: OrgId
    node_keys: tuple[SigningKey, ...] = field(repr=False)
    box_keys: tuple[BoxKey, ...] = field(repr=False)
    store_key: bytes = field(repr=False)
    orgdocs: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    card_n: int
    oprf_seed: bytes = field(default=b"", repr=False)


def create_keystore(
    path: Path, keystore: Keystore, passphrase: str, random: Callable[[int], bytes] = os.urandom
) -> None:
    """Write a new keystore; KeystoreExists if there is a file already, which stays as it was."""
    write_secret_file(path, _lock(keystore, passphrase, random), create=True)


def save_keystore(
    path: Path, keystore: Keystore, passphrase: str, random: Callable[[int], bytes] = os.urandom
) -> None:
    """Replace a keystore, whole or not at all, under a fresh salt and nonce."""
    write_secret_file(path, _lock(keystore, passphrase, random), create=False)


def load_keystore(path: Path, passphrase: str) -> Keystore:
    """Open a keystore.

    KeystoreMissing, UnsafeMode, KeystoreDamaged (no keystore, or a cost out of bounds) or
    WrongPassphrase, which a damaged box cannot be told from.
    """
    try:
        data = read_secret_file(path, most=MAX_FILE)
    except FileNotFoundError:
        raise KeystoreMissing(f"there is no keystore {path}; run: parasol init") from None
    if not data.startswith(MAGIC):
        raise KeystoreDamaged(f"{path} is not a keystore: restore a backup of the node")
    try:
        rows = as_array(decode(data[len(MAGIC) :], limit=MAX_FILE))
        if not rows or as_int(rows[0], 0) not in READS:
            raise KeystoreDamaged(f"{path} was written by a newer version of this program")
        _, passes, memory, salt, nonce, box = as_array(rows, 6)
        key = _derive(
            passphrase,
            as_bytes(salt, SALT_BYTES),
            as_int(passes, 1, MAX_PASSES),
            as_int(memory, MIN_KIB, MAX_KIB),
        )
        plain = bindings.crypto_secretbox_open(
            as_bytes(box, most=MAX_FILE), as_bytes(nonce, NONCE_BYTES), key
        )
        return _decode_contents(plain)
    except CryptoError:
        raise WrongPassphrase(f"the passphrase does not open {path}, or it is damaged") from None
    except ProtocolError as error:
        raise KeystoreDamaged(f"{path} is damaged, restore a backup of the node: {error}") from None


def _lock(keystore: Keystore, passphrase: str, random: Callable[[int], bytes]) -> bytes:
    salt, nonce = random(SALT_BYTES), random(NONCE_BYTES)
    key = _derive(passphrase, salt, PASSES, MEMORY_KIB)
    box = bindings.crypto_secretbox(_encode_contents(keystore), nonce, key)
    return MAGIC + encode([VERSION, PASSES, MEMORY_KIB, salt, nonce, box])


def _derive(passphrase: str, salt: bytes, passes: int, memory_kib: int) -> bytes:
    # The same passphrase typed on two keyboards may be composed or decomposed: NFC makes it one.
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8")
    size = bindings.crypto_secretbox_KEYBYTES
    try:
        return argon2id.kdf(size, secret, salt, opslimit=passes, memlimit=memory_kib * 1024)
    except SodiumRuntimeError:
        raise KeysError(f"opening the keystore takes {memory_kib} KiB of free memory") from None


def _encode_contents(keystore: Keystore) -> bytes:
    seeds: list[Value] = [key.seed for key in keystore.node_keys]
    boxes: list[Value] = [[key.secret, key.made_day] for key in keystore.box_keys]
    documents: list[Value] = [[raw, sig] for raw, sig in keystore.orgdocs]
    return encode(
        [
            VERSION, bytes(keystore.org), seeds, boxes, keystore.store_key, documents,
            keystore.card_n, keystore.oprf_seed,
        ]
    )  # fmt: skip


def _decode_contents(plain: bytes) -> Keystore:
    rows = as_array(decode(plain, limit=MAX_FILE), most=8)
    seed = as_bytes(rows[7], most=OPRF_SEED_BYTES) if len(rows) == 8 else b""
    if len(seed) not in {0, OPRF_SEED_BYTES}:
        raise malformed("the seed of tokens has 32 bytes or none")
    _, org, seeds, boxes, store_key, documents, card_n = as_array(rows[:7], 7)
    return Keystore(
        org=OrgId(as_bytes(org, 32)),
        node_keys=tuple(SigningKey(as_bytes(seed, SEED_BYTES)) for seed in as_array(seeds)),
        box_keys=tuple(_box_key(row) for row in as_array(boxes)),
        store_key=as_bytes(store_key, STORE_KEY_BYTES),
        orgdocs=tuple(_document(row) for row in as_array(documents)),
        card_n=as_int(card_n, 0, INT_MAX),
        oprf_seed=seed,
    )


def _box_key(row: Value) -> BoxKey:
    secret, made_day = as_array(row, 2)
    return make_box_key(as_bytes(secret, 32), Day(as_int(made_day, 0, DAY_MAX)))


def _document(row: Value) -> tuple[bytes, bytes]:
    raw, sig = as_array(row, 2)
    return as_bytes(raw), as_bytes(sig, 64)
