"""Is this Ed25519 public key a point of the right group?

OpenSSL accepts public keys of small order, under which one constant signature
verifies for every message, and second spellings of a point. A key is therefore
checked here, once, before anything is verified under it.
"""

from __future__ import annotations

from typing import Final

from .errors import MalformedInput

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_D: Final = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)

# Extended homogeneous coordinates (X, Y, Z, T) of RFC 8032 section 5.1.4.
_Point = tuple[int, int, int, int]
_NEUTRAL: Final[_Point] = (0, 1, 1, 0)


def verify_point(data: bytes) -> None:
    """Check that `data` is the one spelling of a point of prime order.

    Raises:
        MalformedInput: `bad_key`: not 32 bytes, y not below p, x of minus zero,
            not on the curve, or of small or mixed order.
    Source: RFC 8032 section 5.1.3, and section 5.1.7 made strict.
    """
    point = _decompress(data)
    if point is None:
        raise MalformedInput(
            "bad_key", got=data.hex(), wanted="a point of edwards25519"
        )
    if _is_neutral(point) or not _is_neutral(_multiply(_ORDER, point)):
        raise MalformedInput("bad_key", got=data.hex(), wanted="a point of prime order")


def _decompress(data: bytes) -> _Point | None:
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= _P:
        return None
    x = _square_root((y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P)
    if x is None or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


def _square_root(square: int) -> int | None:
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square:
        root = root * _SQRT_MINUS_ONE % _P
    return root if root * root % _P == square else None


def _is_neutral(point: _Point) -> bool:
    x, y, z, _ = point
    return x == 0 and y == z


def _multiply(factor: int, point: _Point) -> _Point:
    # Public data only, so this need not take constant time.
    result = _NEUTRAL
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    return result


def _add(left: _Point, right: _Point) -> _Point:
    """RFC 8032 section 5.1.4; the formula is complete, it also doubles."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a = (y1 - x1) * (y2 - x2) % _P
    b = (y1 + x1) * (y2 + x2) % _P
    c = 2 * t1 * t2 * _D % _P
    d = 2 * z1 * z2 % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P
