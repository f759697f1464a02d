"""Is this Ed25519 public key a point of the right group?

OpenSSL accepts public keys of small order, under which one constant signature
verifies for every message, and second spellings of a point. A key is therefore
checked here, once, before anything is verified under it.
"""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)

from .errors import MalformedInput

_P: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_Y_BITS: Final = 2**255 - 1  # the bit above them is the sign of x
_D: Final = -121665 * pow(121666, -1, _P) % _P
_SQRT_MINUS_ONE: Final = pow(2, (_P - 1) // 4, _P)


def _projection() -> X25519PrivateKey:
    """The factor as X25519 takes it: it sets bit 254 and clears bit 255."""
    factor = 8 * pow(8, -1, _ORDER)
    if not factor >> 254:
        factor = 8 * _ORDER - factor
    return X25519PrivateKey.from_private_bytes(factor.to_bytes(32, "little"))


_PROJECTION: Final = _projection()


def verify_point(data: bytes) -> None:
    """Check that `data` is the one spelling of a point of prime order.

    Raises:
        MalformedInput: `bad_key`: not 32 bytes, y not below p, x of minus zero,
            not on the curve, or of small or mixed order.
    Source: RFC 8032 section 5.1.3, and section 5.1.7 made strict.
    """
    y = int.from_bytes(data, "little") & _Y_BITS
    if len(data) == 32 and y < _P and _has_prime_order(y):
        return
    # Only now is it asked whether it is a point at all: a root costs more than the rest.
    order = "a point of prime order" if _is_point(data) else "a point of edwards25519"
    raise MalformedInput("bad_key", got=data.hex(), wanted=order)


def _has_prime_order(y: int) -> bool:
    """Whether it is the y of a point, not neutral and without a part of small order.

    A point is the sum of a part of prime order and one of small order. A factor of 1
    modulo the prime and 0 modulo 8 takes the second away and leaves the first, so it
    leaves exactly the points that have no second one. X25519 multiplies the same
    points on curve25519, in C, and by u alone, so a factor of -1 does as well.

    A y that no point has gives a u of the curve's twist, of which X25519 knows nothing
    either. There are 4 times a prime of points there, and the factor is 0 modulo 4 and
    neither 1 nor -1 modulo that prime: it leaves none of them.

    Source: RFC 7748 section 4.1 for u, and section 5 for X25519.
    """
    if y == 1:
        return False
    u = (1 + y) * pow(1 - y, -1, _P) % _P
    try:
        left = _PROJECTION.exchange(
            X25519PublicKey.from_public_bytes(u.to_bytes(32, "little"))
        )
    except ValueError:  # nothing is left: the point is of small order
        return False
    return int.from_bytes(left, "little") == u


def _is_point(data: bytes) -> bool:
    """Whether 32 bytes are the one spelling of a point, of whatever order."""
    if len(data) != 32:
        return False
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & _Y_BITS
    if y >= _P:
        return False
    x = _square_root((y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P)
    return x is not None and not (x == 0 and sign)


def _square_root(square: int) -> int | None:
    root = pow(square, (_P + 3) // 8, _P)
    if root * root % _P != square:
        root = root * _SQRT_MINUS_ONE % _P
    return root if root * root % _P == square else None
