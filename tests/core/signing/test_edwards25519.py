"""The group of a public key, held against multiplying by its order, the slow way."""

import secrets
from math import gcd

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from apps.core.edwards25519 import _PROJECTION, verify_point
from apps.core.errors import MalformedInput

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
NEUTRAL = (0, 1)


def add(left, right):
    """The law of the group on affine points, RFC 8032 section 5.1."""
    (x1, y1), (x2, y2) = left, right
    shared = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + shared, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - shared, -1, P)
    return x % P, y % P


def multiply(factor, point):
    result = NEUTRAL
    while factor:
        if factor & 1:
            result = add(result, point)
        point = add(point, point)
        factor >>= 1
    return result


def decoded(data):
    """The point of 32 bytes, None where no x is on the curve."""
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number % 2**255 % P
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    root = pow(square, (P + 3) // 8, P)
    for x in (root, root * pow(2, (P - 1) // 4, P) % P):
        if x * x % P == square:
            return (P - x if x & 1 != sign else x), y
    return None


def encoded(point):
    x, y = point
    return (y | (x & 1) << 255).to_bytes(32, "little")


def points():
    """Any points of the curve, without end."""
    while True:
        point = decoded(secrets.token_bytes(32))
        if point is not None:
            yield point


def of_order_eight():
    for point in points():
        small = multiply(ORDER, point)
        if multiply(4, small) != NEUTRAL:
            return small
    raise AssertionError("endless")


EIGHTH = of_order_eight()
SMALL = [multiply(times, EIGHTH) for times in range(8)]


def is_taken(point):
    try:
        verify_point(encoded(point))
    except MalformedInput:
        return False
    return True


def test_there_are_eight_points_of_small_order_and_none_is_a_key():
    assert len(set(SMALL)) == 8
    assert not any(map(is_taken, SMALL))


@given(st.binary(min_size=32, max_size=32))
def test_a_key_is_one_and_with_any_small_part_it_is_none(seed):
    key = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    good = decoded(key.public_bytes_raw())

    assert encoded(good) == key.public_bytes_raw()
    assert [is_taken(add(good, small)) for small in SMALL] == [True] + [False] * 7


@pytest.mark.parametrize("number", range(24))
def test_any_point_is_a_key_if_the_order_ends_it(number):
    point = next(points())

    assert is_taken(point) is (multiply(ORDER, point) == NEUTRAL)
    assert is_taken(multiply(8, point))


@given(st.binary(min_size=32, max_size=32))
def test_what_is_said_of_bytes_that_are_no_key_is_what_they_are(data):
    number = int.from_bytes(data, "little")
    point = decoded(data) if number % 2**255 < P else None
    is_spelled_so = point is not None and encoded(point) == data
    if is_spelled_so and multiply(ORDER, point) == NEUTRAL != point:
        verify_point(data)
        return

    with pytest.raises(MalformedInput) as caught:
        verify_point(data)

    named = "prime order" if is_spelled_so else "edwards25519"
    assert caught.value.wanted == f"a point of {named}"


@pytest.mark.parametrize(
    "data",
    [
        (1 | 1 << 255).to_bytes(32, "little"),
        (P - 1 | 1 << 255).to_bytes(32, "little"),
        (P + 1).to_bytes(32, "little"),
        bytes(31),
        bytes(33),
    ],
    ids=["minus zero", "minus zero of order 2", "y of p and more", "short", "long"],
)
def test_another_spelling_is_no_point(data):
    with pytest.raises(MalformedInput, match="a point of edwards25519"):
        verify_point(data)


def test_the_factor_leaves_no_point_of_the_twist():
    # Curve and twist have 2p + 2 points together (RFC 7748 section 5; Hasse).
    on_twist = 2 * P + 2 - 8 * ORDER
    secret = int.from_bytes(_PROJECTION.private_bytes_raw(), "little")
    factor = secret & ~7 & (2**255 - 1) | 1 << 254  # as X25519 takes it

    assert factor == secret
    assert gcd(factor - 1, on_twist) == gcd(factor + 1, on_twist) == 1
    assert {factor % ORDER, -factor % ORDER} >= {1}
