"""RFC 8785 told by the library's writer: never otherwise than by our own."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.canonical import (
    canonical_bytes,
    parse_canonical,
    parse_json,
    verify_nfc,
)
from apps.core.errors import MalformedInput
from tests.core.signing.test_canonical import LIMIT, scalars, values


@given(
    st.one_of(values, st.lists(scalars | st.sampled_from([1e16, 1e21, 0.1, 5e-324]))),
    st.booleans(),
)
def test_what_the_library_writes_is_read_where_rfc_8785_writes_it_so(value, ascii_only):
    data = json.dumps(
        value, ensure_ascii=ascii_only, separators=(",", ":"), sort_keys=True
    ).encode("utf-8", "surrogatepass")
    try:
        read = parse_json(data, max_bytes=LIMIT, doubles=True)
        verify_nfc(read)
        is_canonical = canonical_bytes(read) == data
    except MalformedInput:
        is_canonical = False

    if is_canonical:
        assert parse_canonical(data, max_bytes=LIMIT, doubles=True) == read
    else:
        with pytest.raises(MalformedInput):
            parse_canonical(data, max_bytes=LIMIT, doubles=True)


@given(st.lists(scalars | st.sampled_from(["\x00", "\\u0000", '"', "\x1f", "é", "𝄞"])))
def test_a_list_is_written_as_its_items_are(items):
    try:
        wanted = b"[" + b",".join(map(canonical_bytes, items)) + b"]"
    except MalformedInput:
        with pytest.raises(MalformedInput):
            canonical_bytes(items)
    else:
        assert canonical_bytes(items) == wanted


@given(st.lists(st.text() | st.sampled_from(["\x00", "\\u0000", "\\", "/"])))
def test_a_list_of_texts_is_written_as_each_of_them_is(items):
    test_a_list_is_written_as_its_items_are.hypothesis.inner_test(items)
