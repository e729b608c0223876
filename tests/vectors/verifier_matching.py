"""A second reading of docs/spec/08-matching.md, to check its vectors.

Slow, plain arithmetic on Python's integers: affine points of the curve, added by the textbook
formula, and square roots by Euler's criterion. Group and function are RFC 9496 and RFC 9497.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha512
from typing import Any

from tests.vectors.verifier_bytes import h, need

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
I = pow(2, (P - 1) // 4, P)  # noqa: E741 - the square root of -1 is called so
KINDS = {"phone", "email", "handle", "plate", "profile"}
CONTEXT = b"OPRFV1-\0-ristretto255-SHA512"

Point = tuple[int, int]
unhex = bytes.fromhex


def inverted(value: int) -> int:
    return pow(value, -1, P)


def even(value: int) -> int:
    value %= P
    return value if value % 2 == 0 else P - value


def root(value: int) -> int | None:
    """The even square root, or None."""
    value %= P
    if value and pow(value, (P - 1) // 2, P) != 1:
        return None
    found = pow(value, (P + 3) // 8, P)
    return even(found if found * found % P == value else found * I)


def plus(a: Point, b: Point) -> Point:
    cross = D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + a[1] * b[0]) * inverted(1 + cross)
    y = (a[1] * b[1] + a[0] * b[0]) * inverted(1 - cross)
    return x % P, y % P


def times(scalar: int, point: Point) -> Point:
    total = (0, 1)
    for bit in f"{scalar:b}":
        total = plus(total, total)
        if bit == "1":
            total = plus(total, point)
    return total


def read(data: bytes) -> Point:
    """Decode an element; the identity is none. RFC 9496 §4.3.1, RFC 9497 §4.1."""
    need(len(data) == 32 and any(data))
    s = int.from_bytes(data, "little")
    need(s < P and s % 2 == 0)
    one, two = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * one * one - two * two) % P
    need(v)
    found = root(inverted(v * two * two))
    need(found is not None)
    assert found is not None
    x = even(2 * s * found * two)
    y = one * found * found * two * v % P
    need(y and x * y % P % 2 == 0)
    return x, y


def write(point: Point) -> bytes:
    """Encode an element. RFC 9496 §4.3.2, with z = 1."""
    x, y = point
    if x * y % P == 0:
        return bytes(32)
    if x * y % P % 2:
        x, y = y * I % P, x * I % P
    if x % 2:
        x, y = -x % P, -y % P
    # The family's member with x and xy even: s² = (1 - y) / (1 + y).
    found = root((1 - y) * inverted(1 + y))
    assert found is not None
    return found.to_bytes(32, "little")


def mapped(data: bytes) -> Point:
    """MAP of RFC 9496 §4.3.4."""
    t = int.from_bytes(data, "little") % 2**255 % P
    r = I * t * t % P
    u, v = (r + 1) * (1 - D * D) % P, (-1 - r * D) * (r + D) % P
    ratio = u * inverted(v) % P
    found = root(ratio)
    if found is not None:
        s, c = found, P - 1
    else:
        other = root(ratio * I)
        assert other is not None
        s, c = -even(other * t) % P, r
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    constant = root(-D - 1)
    assert constant is not None
    odd = P - constant  # of the two roots of ad - 1, the RFC takes the odd one
    x = 2 * s * v * inverted(n * odd)
    y = (1 - s * s) * inverted(1 + s * s)
    return x % P, y % P


def expanded(message: bytes, tag: bytes) -> bytes:
    """64 bytes of expand_message_xmd. RFC 9380 §5.3.1."""
    suffix = tag + bytes([len(tag)])
    return sha512(
        sha512(bytes(128) + message + b"\0\x40\0" + suffix).digest() + b"\1" + suffix
    ).digest()


def to_group(data: bytes) -> Point:
    uniform = expanded(data, b"HashToGroup-" + CONTEXT)
    return plus(mapped(uniform[:32]), mapped(uniform[32:]))


def derived(seed: bytes, info: bytes) -> int:
    for count in range(256):
        material = seed + len(info).to_bytes(2) + info + bytes([count])
        scalar = int.from_bytes(expanded(material, b"DeriveKeyPair" + CONTEXT), "little") % L
        if scalar:
            return scalar
    raise AssertionError


def public(secret: int) -> bytes:
    base_y = 4 * inverted(5) % P
    base_x = root((base_y * base_y - 1) * inverted(D * base_y * base_y + 1))
    assert base_x is not None
    return write(times(secret, (base_x, base_y)))


def of_kind(seed: bytes, kind: str) -> int:
    return derived(seed, b"parasol1.oprf\0" + kind.encode())


def kid(seed: bytes) -> str:
    kinds = ("phone", "email", "handle", "plate", "profile")
    return h("oprf", b"".join(public(of_kind(seed, kind)) for kind in kinds))[:8].hex()


def output(data: bytes, element: Point) -> str:
    written = write(element)
    framed = len(data).to_bytes(2) + data + len(written).to_bytes(2) + written + b"Finalize"
    return sha512(framed).hexdigest()


def token(given: Any) -> Any:
    need(given["idkind"] in KINDS)
    data = f"parasol1.id\0{given['idkind']}\0{given['normal']}".encode()
    seed = unhex(given["seed"])
    whole = output(data, times(of_kind(seed, given["idkind"]), to_group(data)))
    return {"input": data.hex(), "kid": kid(seed), "token": whole[:64]}


def matching(given: Any) -> Any:
    if "idkind" in given:
        return token(given)
    if "info" in given:
        scalar = derived(unhex(given["seed"]), unhex(given["info"]))
        return {"secret": scalar.to_bytes(32, "little").hex(), "public": public(scalar).hex()}
    if "seed" in given:
        return {"kid": kid(unhex(given["seed"]))}
    if "secret" in given:
        secret = int.from_bytes(unhex(given["secret"]), "little")
        return {"evaluated": write(times(secret, read(unhex(given["element"])))).hex()}
    data, blind = unhex(given["input"]), int.from_bytes(unhex(given["blind"]), "little")
    if "evaluated" in given:
        answer = read(unhex(given["evaluated"]))
        return {"output": output(data, times(pow(blind, -1, L), answer))}
    return {"element": write(times(blind, to_group(data))).hex()}


CHECKS: dict[str, Callable[[Any], Any]] = {"keys_oprf.json": matching}
