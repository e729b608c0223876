"""Ristretto255 on top of Ed25519, for systems without a libsodium of their own.

Decides nothing that RFC 9496 leaves open: it decodes, encodes and maps as its section 4.3 says.
An element is a family of four points of the curve, one of which lies in the subgroup of prime
order. libsodium's Ed25519 multiplication, which PyNaCl exports, works on that one.

Invariants: keys and blinds go into libsodium's constant-time functions, and here nowhere else.
Python's integers, whose time depends on their values, see elements only. Of those, one is not
public: the hash of the identifier that is asked about or listed, on the node that knows it anyway.
"""

from __future__ import annotations

from typing import NamedTuple

from nacl import bindings

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ORDER = 2**252 + 27742317777372353535851937790883648493
_EIGHTH = pow(8, -1, _ORDER).to_bytes(32, "little")
# RFC 9496 §4.1. Of a square root, which of the two is part of the definition.
_SQRT_M1 = 19681161376707505956807079304988542015446066515923890162744021073123829784752
_SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
_INVSQRT_A_MINUS_D = 54469307008909316920995813868745141605393597292927456921205312896311721017578
_ONE_MINUS_D_SQ = (1 - _D * _D) % _P
_D_MINUS_ONE_SQ = (_D - 1) ** 2 % _P


class _Point(NamedTuple):
    """Extended coordinates: x = X/Z, y = Y/Z, xy = T/Z. RFC 8032 §5.1.4."""

    x: int
    y: int
    z: int
    t: int


class EdwardsRistretto:
    """The group, with PyNaCl's Ed25519 multiplication. Scalars are below the order, never zero."""

    def from_hash(self, uniform: bytes) -> bytes:
        """Map 64 uniform bytes to an element. RFC 9496 §4.3.4."""
        halves = (uniform[:32], uniform[32:])
        first, second = (int.from_bytes(half, "little") % 2**255 % _P for half in halves)
        return _encode(_add(_map(first), _map(second)))

    def multiply(self, scalar: bytes, element: bytes) -> bytes | None:
        """Multiply an element by a scalar; None where 32 bytes are no encoding of one."""
        point = _decode(element)
        if point is None:
            return None
        # Eight times a member of the family is in the subgroup, whichever member it was.
        for _ in range(3):
            point = _add(point, point)
        eighth = bindings.crypto_core_ed25519_scalar_mul(scalar, _EIGHTH)
        return _encode(_expand(bindings.crypto_scalarmult_ed25519_noclamp(eighth, _press(point))))

    def multiply_base(self, scalar: bytes) -> bytes:
        """Multiply the generator by a scalar."""
        return _encode(_expand(bindings.crypto_scalarmult_ed25519_base_noclamp(scalar)))


def _absolute(value: int) -> int:
    """The one of value and -value that is even, which RFC 9496 calls not negative."""
    value %= _P
    return _P - value if value & 1 else value


def _sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """Whether u/v is a square, and the root of it, or else of i times it. RFC 9496 §4.2."""
    v3 = v * v * v % _P
    root = u * v3 * pow(u * v3 * v3 * v, (_P - 5) // 8, _P) % _P
    check = v * root * root % _P
    wrong_sign = check == -u % _P
    if wrong_sign or check == -u * _SQRT_M1 % _P:
        root = root * _SQRT_M1
    return wrong_sign or check == u % _P, _absolute(root)


def _decode(element: bytes) -> _Point | None:
    """Read 32 bytes; None where they are no element's only encoding. RFC 9496 §4.3.1."""
    s = int.from_bytes(element, "little")
    if s >= _P or s & 1:
        return None
    u1, u2 = 1 - s * s, 1 + s * s
    v = (-_D * u1 * u1 - u2 * u2) % _P
    square, root = _sqrt_ratio(1, v * u2 * u2)
    x = _absolute(2 * s * root * u2)
    y = u1 * root * root * u2 * v % _P
    t = x * y % _P
    return _Point(x, y, 1, t) if square and y and not t & 1 else None


def _encode(point: _Point) -> bytes:
    """Write the family that a point stands for. RFC 9496 §4.3.2."""
    x, y, z, t = point
    u1, u2 = (z + y) * (z - y) % _P, x * y % _P
    _, root = _sqrt_ratio(1, u1 * u2 * u2)
    first, second = root * u1 % _P, root * u2 % _P
    inverse_z = first * second * t % _P
    if t * inverse_z % _P & 1:
        x, y = y * _SQRT_M1 % _P, x * _SQRT_M1 % _P
        second = first * _INVSQRT_A_MINUS_D
    if x * inverse_z % _P & 1:
        y = -y
    return _absolute(second * (z - y)).to_bytes(32, "little")


def _map(t: int) -> _Point:
    """Elligator 2 onto the curve. RFC 9496 §4.3.4, MAP."""
    r = _SQRT_M1 * t * t % _P
    u = (r + 1) * _ONE_MINUS_D_SQ % _P
    v = (-1 - r * _D) * (r + _D) % _P
    square, s = _sqrt_ratio(u, v)
    c = -1
    if not square:
        s, c = -_absolute(s * t), r
    n = c * (r - 1) * _D_MINUS_ONE_SQ - v
    w0, w1, w2, w3 = 2 * s * v, n * _SQRT_AD_MINUS_ONE, 1 - s * s, 1 + s * s
    return _Point(w0 * w3 % _P, w2 * w1 % _P, w1 * w3 % _P, w0 * w2 % _P)


def _add(one: _Point, other: _Point) -> _Point:
    """Add two points, equal ones too. RFC 8032 §5.1.4."""
    a = (one.y - one.x) * (other.y - other.x) % _P
    b = (one.y + one.x) * (other.y + other.x) % _P
    c = 2 * _D * one.t * other.t % _P
    d = 2 * one.z * other.z % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return _Point(e * f % _P, g * h % _P, f * g % _P, e * h % _P)


def _press(point: _Point) -> bytes:
    """Write a point as Ed25519 does. RFC 8032 §5.1.2."""
    inverse_z = pow(point.z, _P - 2, _P)
    x, y = point.x * inverse_z % _P, point.y * inverse_z % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _expand(pressed: bytes) -> _Point:
    """Read a point that libsodium wrote as Ed25519 does. RFC 8032 §5.1.3."""
    number = int.from_bytes(pressed, "little")
    y = number % 2**255
    _, x = _sqrt_ratio(y * y - 1, _D * y * y + 1)
    if number >> 255:
        x = -x % _P
    return _Point(x, y, 1, x * y % _P)
