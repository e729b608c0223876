"""Reads a node's files as somebody would who has its key: every page, also the free and old ones.

A query shows what is in tables; what was deleted may still stand in a free page, in the WAL or in
the slack of a page. So each page is decrypted as it lies on the disk (SQLCipher 4's format: the
page's last bytes are its IV and its code of authenticity, the first 16 of page one are the salt).
"""

import ctypes
import ctypes.util
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from node.store.engine import PAGE_BYTES

SALT_BYTES = IV_BYTES = 16
RESERVED = IV_BYTES + 32  # with HMAC-SHA256; a multiple of the cipher's block already
WAL_HEADER, FRAME_HEADER = 32, 24


def clear_bytes(folder: Path, key: bytes) -> Iterator[tuple[str, bytes]]:
    """Each file of a folder by name, with its pages decrypted where it is a database of ours."""
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        name, raw = str(path.relative_to(folder)), path.read_bytes()
        if ".db" not in path.name or path.name.endswith("-shm"):
            yield name, raw
        elif path.name.endswith("-wal"):
            yield name, b"".join(_page(frame, key) for frame in _frames(raw))
        else:
            pages = (raw[at : at + PAGE_BYTES] for at in range(0, len(raw), PAGE_BYTES))
            yield name, b"".join(_page(page, key) for page in pages)


def found_in(folder: Path, key: bytes, needles: Sequence[bytes]) -> list[tuple[str, bytes]]:
    """Every (file, needle) where a needle still stands."""
    return [
        (name, needle)
        for name, raw in clear_bytes(folder, key)
        for needle in needles
        if needle in raw
    ]


def _frames(raw: bytes) -> Iterator[bytes]:
    step = FRAME_HEADER + PAGE_BYTES
    for at in range(WAL_HEADER, len(raw) - step + 1, step):
        yield raw[at + FRAME_HEADER : at + step]


def _page(page: bytes, key: bytes) -> bytes:
    """The plain bytes of one page; page one begins with the file's salt, which stays."""
    if len(page) < PAGE_BYTES or not any(page):
        return page
    body, reserved = page[:-RESERVED], page[-RESERVED:]
    iv = reserved[:IV_BYTES]
    plain = _decrypt(key, iv, body)
    if _is_btree(plain[:1]):
        return plain
    return body[:SALT_BYTES] + _decrypt(key, iv, body[SALT_BYTES:])


def _is_btree(first: bytes) -> bool:
    return first in {b"\x02", b"\x05", b"\x0a", b"\x0d", b"\x00"}


def _decrypt(key: bytes, iv: bytes, sealed: bytes) -> bytes:
    """AES-256-CBC without padding, by the library that Python's own TLS stands on."""
    crypto = _crypto()
    context = ctypes.c_void_p(crypto.EVP_CIPHER_CTX_new())
    out, size = ctypes.create_string_buffer(len(sealed) + 32), ctypes.c_int(0)
    try:
        cipher = ctypes.c_void_p(crypto.EVP_aes_256_cbc())
        assert crypto.EVP_DecryptInit_ex(context, cipher, None, key, iv) == 1
        crypto.EVP_CIPHER_CTX_set_padding(context, 0)
        assert crypto.EVP_DecryptUpdate(context, out, ctypes.byref(size), sealed, len(sealed)) == 1
    finally:
        crypto.EVP_CIPHER_CTX_free(context)
    return out.raw[: size.value]


@cache
def _crypto() -> Any:
    found = ctypes.util.find_library("crypto")
    assert found, "libcrypto is needed to look into the pages of a store (Debian: libssl3)"
    library = ctypes.CDLL(found)
    for name in ("EVP_CIPHER_CTX_new", "EVP_aes_256_cbc"):
        getattr(library, name).restype = ctypes.c_void_p
    return library
