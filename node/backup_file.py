"""The backup file: a copy of one node that opens with its passphrase only.

Decides the bytes: a first line that names it, then three parts, each behind its length (u32, big
end first): a keystore without box keys, a sealed manifest, and the encrypted store as it was at one
moment. The keystore opens with the passphrase and holds the store's key; that key seals the
manifest (XSalsa20-Poly1305), which holds settings, policy and the hashes of the other two parts.
So nothing can be read, changed, swapped or cut off without the passphrase.

Invariants: box keys are never in it, nor is the register: a backup must not bring back what was
narrowed since. Reading checks every part before anything is believed.
"""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from nacl import bindings
from nacl.exceptions import CryptoError

from keys.errors import KeysError, WrongPassphrase
from keys.keystore import Keystore, load_keystore
from node.errors import BadBackup
from protocol.codec import decode, encode
from protocol.errors import ProtocolError
from protocol.ids import OrgId
from protocol.shape import as_array, as_bytes, as_int

MAGIC = b"PARASOL-BACKUP1\n"
VERSION = 1
KEYSTORE_MOST = 1 << 20
MANIFEST_MOST = 1 << 20
PIECE = 1 << 20
_PERSON = b"parasol1.backup"
_NONCE = bindings.crypto_secretbox_NONCEBYTES


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is of: the organisation, the moment, and the two files that people edit."""

    org: OrgId
    made_us: int
    settings: bytes = field(repr=False)
    policy: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A backup that was checked, its store copied to `store`, a file of its own."""

    keystore: Keystore
    manifest: Manifest
    store: Path


def write_backup(
    out: BinaryIO, keystore: Path, store: Path, store_key: bytes, manifest: Manifest,
    random: Callable[[int], bytes],
) -> int:  # fmt: skip
    """Write a backup from a keystore file and a closed copy of the store; gives its size."""
    locked = keystore.read_bytes()
    plain = encode(
        [
            VERSION, bytes(manifest.org), manifest.made_us, manifest.settings, manifest.policy,
            _hash_bytes(locked), _hash_file(store),
        ]
    )  # fmt: skip
    nonce = random(_NONCE)
    sealed = nonce + bindings.crypto_secretbox(plain, nonce, _manifest_key(store_key))
    out.write(MAGIC)
    out.writelines(struct.pack(">I", len(part)) + part for part in (locked, sealed))
    out.write(struct.pack(">I", store.stat().st_size))
    with store.open("rb") as file:
        while piece := file.read(PIECE):
            out.write(piece)
    return out.tell()


def read_backup(source: BinaryIO, passphrase: str, keystore: Path, store: Path) -> Opened:
    """Read and check a backup, its parts written to the two new files.

    BadBackup where it is none, damaged, cut off, or not of this passphrase.
    """
    if source.read(len(MAGIC)) != MAGIC:
        raise BadBackup("this is not a backup of a Parasol node")
    locked = _part(source, KEYSTORE_MOST)
    sealed = _part(source, MANIFEST_MOST)
    _write_private(keystore, locked)
    try:
        contents = load_keystore(keystore, passphrase)
    except WrongPassphrase:
        raise WrongPassphrase("the passphrase does not open this backup") from None
    except KeysError:
        raise BadBackup("this backup is damaged: its keystore cannot be read") from None
    try:
        plain = bindings.crypto_secretbox_open(
            sealed[_NONCE:], sealed[:_NONCE], _manifest_key(contents.store_key)
        )
        version, *rows = as_array(decode(plain, limit=MANIFEST_MOST), 7)
        if as_int(version) != VERSION:
            raise BadBackup("this backup was written by a newer release; install that release")
        org, made_us, settings, policy, of_keystore, of_store = rows
        manifest = Manifest(
            OrgId(as_bytes(org, 32)), as_int(made_us), as_bytes(settings), as_bytes(policy)
        )
        hashes = as_bytes(of_keystore, 32), as_bytes(of_store, 32)
    except (CryptoError, ProtocolError, ValueError):
        raise BadBackup("this backup is damaged: its list of contents does not open") from None
    found = _hash_bytes(locked), _copy_store(source, store)
    if found != hashes or manifest.org != contents.org or source.read(1):
        raise BadBackup("this backup is damaged: a part of it is not what was written")
    return Opened(contents, manifest, store)


def _part(source: BinaryIO, most: int) -> bytes:
    size = _size(source)
    data = source.read(size) if size <= most else b""
    if len(data) != size:
        raise BadBackup("this backup is damaged: it is cut off, or was altered")
    return data


def _size(source: BinaryIO) -> int:
    head = source.read(4)
    if len(head) != 4:
        raise BadBackup("this backup is damaged: it is cut off")
    size: int = struct.unpack(">I", head)[0]
    return size


def _copy_store(source: BinaryIO, store: Path) -> bytes:
    left = _size(source)
    hashed = hashlib.blake2b(digest_size=32, person=_PERSON)
    _write_private(store, b"")
    with store.open("wb") as file:
        while left and (piece := source.read(min(left, PIECE))):
            hashed.update(piece)
            file.write(piece)
            left -= len(piece)
    if left:
        raise BadBackup("this backup is damaged: it is cut off")
    return hashed.digest()


def _write_private(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _manifest_key(store_key: bytes) -> bytes:
    return hashlib.blake2b(store_key, digest_size=32, person=_PERSON).digest()


def _hash_bytes(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=32, person=_PERSON).digest()


def _hash_file(path: Path) -> bytes:
    hashed = hashlib.blake2b(digest_size=32, person=_PERSON)
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            hashed.update(piece)
    return hashed.digest()
