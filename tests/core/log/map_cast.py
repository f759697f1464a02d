"""Keys, values and the definition of the map that its tests share."""

from hashlib import sha256

from hypothesis import strategies as st

from apps.core.map import (
    MapValue,
)


def value(number):
    return MapValue(number + 1, sha256(bytes([number % 256])).digest(), number)


def hashed(number):
    return sha256(number.to_bytes(4, "big")).digest()


# Few first bytes and a shared middle, so that paths meet, share buckets and run deep.
KEYS = st.one_of(
    st.integers(0, 400).map(hashed),
    st.builds(
        lambda head, tail: bytes([head]) + bytes(29) + tail,
        st.sampled_from([0, 1, 128, 255]),
        st.binary(min_size=2, max_size=2),
    ),
)
ENTRIES = st.dictionaries(KEYS, st.integers(0, 2**40).map(value), max_size=30)


def naive_root(entries, depth=0):
    """The definition, word for word."""
    if not entries:
        return bytes(32)
    if len(entries) == 1:
        ((key, one),) = entries.items()
        return sha256(b"\x02" + key + sha256(one.encode()).digest()).digest()
    sides = ({}, {})
    for key, one in entries.items():
        bits = f"{int.from_bytes(key, 'big'):0256b}"
        sides[int(bits[depth])][key] = one
    left, right = (naive_root(side, depth + 1) for side in sides)
    return sha256(b"\x03" + left + right).digest()
