"""Manifest, chains and entries of a bundle: each has one form, all else is refused."""

import json
from dataclasses import replace

import pytest

from apps.core.bundle.build import Plan, PlannedChain, chain_lines
from apps.core.bundle.lines import (
    CLOSED_A_LINE,
    NAMED,
    SERIALS_A_LINE,
    Chain,
    Closed,
    Opened,
    Serials,
    ShownLine,
    parse_chain,
    parse_entry,
)
from apps.core.bundle.manifest import MOST_BATCHES, OTHERS, WHOLE, Lot, Manifest
from apps.core.bundle.manifest import MemberInfo as Info
from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput
from apps.core.leaf import MAP_ROOT_TAG, ZEROS, Leaf, LeafType
from apps.core.map import MapValue
from tests.core.bundle.acts import random_history
from tests.core.bundle.planning import bundle_of
from tests.core.bundle.tampering import Parts

GTIN = "09521568251204"
TAG = "ab" * 32
ROOT = Leaf(LeafType.MAP_ROOT, 1, MAP_ROOT_TAG, 0, ZEROS, bytes(32))
MANIFEST = Manifest(
    form=WHOLE,
    ledger="trace.example/log",
    genesis="01" * 32,
    lots=(Lot(bytes(32), GTIN, "A1"), Lot(bytes([1] * 32), GTIN, 'B"1')),
    recall="02" * 32,
    map_root=ROOT,
    members=tuple(Info(name, 5, bytes(32)) for name in OTHERS),
)
DROP = object()


def changed(value, *path, to):
    """`value`, JSON, with another thing at `path`."""
    made = json.loads(json.dumps(value))
    place = made
    for step in path[:-1]:
        place = place[step]
    if to is DROP:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return made


# --- the manifest -----------------------------------------------------------------


def test_a_manifest_is_read_as_it_is_written():
    assert Manifest.parse(MANIFEST.format()) == MANIFEST
    about_lots = replace(MANIFEST, recall="")
    assert Manifest.parse(about_lots.format()) == about_lots
    assert MANIFEST.tags == {bytes(32), bytes([1] * 32)}
    assert MANIFEST.member(OTHERS[0]) == MANIFEST.members[0]


SAID = json.loads(MANIFEST.format())
LOT = SAID["lots"][0]


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        *[((name,), DROP, "missing_field") for name in SAID if name != "recall"],
        (("more",), 1, "unknown_field"),
        (("format",), "pharmatrace-bundle/v2", "unknown_word"),
        (("form",), "partial", "unknown_word"),
        (("ledger",), "", "bad_text"),
        (("ledger",), 5, "wrong_type"),
        (("genesis",), "01" * 31, "bad_hex"),
        (("genesis",), "0A" * 32, "bad_hex"),
        (("recall",), "", "bad_hex"),
        (("lots",), [], "bad_length"),
        (("lots",), [LOT] * (MOST_BATCHES + 1), "bad_length"),
        (("lots",), [LOT, LOT], "not_sorted"),
        (("lots",), SAID["lots"][::-1], "not_sorted"),
        (("lots", 0, "gtin"), "09521568251205", "bad_check_digit"),
        (("lots", 0, "lot"), "", "empty"),
        (("lots", 0, "tag"), "00" * 33, "bad_hex"),
        (("lots", 0, "size"), 5, "unknown_field"),
        (("map_root",), "00" * 113, "bad_hex"),
        (("map_root",), "02" + "00" * 113, "bad_leaf"),
        (
            ("map_root",),
            Leaf(LeafType.GOODS, 1, bytes([5] * 32), 0, ZEROS, bytes(32))
            .encode()
            .hex(),
            "wrong_leaf_type",
        ),
        (("members",), SAID["members"][1:], "bad_length"),
        (("members",), SAID["members"] + SAID["members"][:1], "bad_length"),
        (("members",), SAID["members"][::-1], "wrong_members"),
        (("members", 2, "name"), "entries.json", "wrong_members"),
        (("members", 2, "size"), -1, "out_of_range"),
        (("members", 2, "size"), 2**32 + 1, "out_of_range"),
        (("members", 2, "sha256"), "", "bad_hex"),
        (("members", 2, "crc"), 1, "unknown_field"),
    ],
)
def test_a_manifest_that_says_anything_else_is_refused(path, value, code):
    made = changed(SAID, *path, to=value)
    assert made != SAID

    with pytest.raises(MalformedInput) as error:
        Manifest.parse(canonical_bytes(made))

    assert error.value.code == code
    assert error.value.field.startswith(("manifest", "leaf."))


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}\n", b" {}", b"\xff", json.dumps(SAID).encode()]
)
def test_bytes_that_are_no_manifest_are_refused(data):
    with pytest.raises(MalformedInput):
        Manifest.parse(data)


# --- chains -----------------------------------------------------------------------

CHAIN = {
    "chain": {
        "tag": TAG,
        "of": ["batch", GTIN, 'A"1\\'],
        "count": 3,
        "head": "cd" * 32,
        "last_index": 8,
    }
}


def test_chains_are_written_as_they_are_read():
    value = MapValue(3, b"\xcd" * 32, 8)
    names = [
        ("batch", GTIN, 'A"1\\'),
        ("product", GTIN),
        ("party", "9521568000017"),
        ("key", "ef" * 32),
        ("config",),
    ]
    wanted = [
        Chain(bytes([number] * 32), of, value if number else None)
        for number, of in enumerate(names)
    ]
    planned = [PlannedChain(each.of, each.tag, each.value) for each in wanted]
    plan = Plan(
        *(WHOLE, "trace.example/log", "", (), "", b"", 1, ROOT),
        tuple(planned[::-1]),
        frozenset(),
    )

    lines = list(chain_lines(plan))

    assert [parse_chain(line.removesuffix(b"\n")) for line in lines] == wanted
    assert {each.of[0]: len(each.of) - 1 for each in wanted} == NAMED


@pytest.mark.parametrize(
    ("path", "value", "code"),
    [
        (("chain",), DROP, "missing_field"),
        (("more",), 1, "unknown_field"),
        (("chain", "more"), 1, "unknown_field"),
        (("chain", "tag"), DROP, "missing_field"),
        (("chain", "tag"), "ab" * 31, "bad_hex"),
        (("chain", "of"), [], "bad_length"),
        (("chain", "of"), ["batch", GTIN], "unknown_word"),
        (("chain", "of"), ["config", "x"], "unknown_word"),
        (("chain", "of"), ["city", "x"], "unknown_word"),
        (("chain", "of"), ["batch", GTIN, "A", "1"], "bad_length"),
        (("chain", "of"), ["party", 5], "wrong_type"),
        (("chain", "count"), -1, "out_of_range"),
        (("chain", "count"), 1.5, "not_an_integer"),
        (("chain", "count"), 0, "unknown_field"),  # a head of nothing
        (("chain", "head"), DROP, "missing_field"),
        (("chain", "head"), "cd" * 33, "bad_hex"),
        (("chain", "last_index"), DROP, "missing_field"),
        (("chain", "last_index"), "8", "wrong_type"),
    ],
)
def test_a_chain_that_says_anything_else_is_refused(path, value, code):
    parse_chain(canonical_bytes(CHAIN))

    with pytest.raises(MalformedInput) as error:
        parse_chain(canonical_bytes(changed(CHAIN, *path, to=value)))

    assert error.value.code == code


# --- entries ----------------------------------------------------------------------

HISTORY = random_history(3, steps=40)
ENTRIES = Parts.of(bundle_of(HISTORY, "A1")).entries
OPENED = next(each for each in ENTRIES if "said" in each)
LINE = {
    "line": {
        "line": 4,
        "said": {"event": {"type": "ObjectEvent"}, "parents": []},
        "ranges": {TAG: [[0, 3]]},
    }
}
LEAF = {"type": 1, "time_ms": 5, "commitment": "cd" * 32}
BY = {"role": "wholesaler", "country": "DE"}
CLOSED = {"closed": {"tag": TAG, "leaves": [LEAF | {"by": BY}]}}
SERIALS = {"serials": ["S1", "S2"]}


def test_each_kind_of_entry_is_read_as_what_it_is():
    read = [parse_entry(canonical_bytes(e)) for e in (OPENED, LINE, CLOSED, SERIALS)]

    assert list(map(type, read)) == [Opened, ShownLine, Closed, Serials]
    assert read[1].ranges == {bytes.fromhex(TAG): ((0, 3),)}
    assert read[2].leaves[0].by == ("wholesaler", "DE")
    assert read[3].serials == ("S1", "S2")


@pytest.mark.parametrize(
    ("entry", "path", "value", "code"),
    [
        (OPENED, ("said", "more"), 1, "unknown_field"),
        (OPENED, ("tail",), 1, "unknown_field"),
        (OPENED, ("said", "index"), DROP, "missing_field"),
        (OPENED, ("said", "index"), -1, "out_of_range"),
        (OPENED, ("said", "time_ms"), "5", "wrong_type"),
        (OPENED, ("said", "accepted_ms"), DROP, "missing_field"),
        (OPENED, ("said", "envelope"), {}, "missing_field"),
        (OPENED, ("said", "salts"), [], "bad_length"),
        (OPENED, ("said", "salts", 0, "salt"), "AAAA", "bad_length"),
        (OPENED, ("said", "salts", 0, "position"), -1, "out_of_range"),
        (OPENED, ("said", "salts", 0, "more"), 1, "unknown_field"),
        (
            OPENED,
            ("said", "salts"),
            [OPENED["said"]["salts"][0]] * 2,
            "not_sorted",
        ),
        (OPENED, ("said", "seed"), "AAAA", "bad_length"),
        (OPENED, ("said", "ranges"), {}, "missing_field"),
        (OPENED, ("said", "ranges"), {"ab": [[0, 1]]}, "bad_hex"),
        (OPENED, ("said", "ranges"), {TAG: [[1, 0]]}, "bad_ranges"),
        (OPENED, ("said", "ranges"), {TAG: [[0, 1], [2, 3]]}, "ranges_not_canonical"),
        (LINE, ("line", "line"), -1, "out_of_range"),
        (LINE, ("line", "line"), 20_000, "out_of_range"),
        (LINE, ("line", "said", "event"), DROP, "missing_field"),
        (LINE, ("line", "said", "parents"), DROP, "missing_field"),
        (LINE, ("line", "said", "parents"), ["x"], "bad_reference"),
        (LINE, ("line", "said", "more"), 1, "unknown_field"),
        (LINE, ("line", "more"), 1, "unknown_field"),
        (CLOSED, ("closed", "leaves"), [], "bad_length"),
        (CLOSED, ("closed", "leaves"), [LEAF] * (CLOSED_A_LINE + 1), "bad_length"),
        (CLOSED, ("closed", "leaves", 0, "type"), 0, "bad_leaf"),
        (CLOSED, ("closed", "leaves", 0, "type"), 99, "bad_leaf"),
        (CLOSED, ("closed", "leaves", 0, "commitment"), "", "bad_hex"),
        (CLOSED, ("closed", "leaves", 0, "more"), 1, "unknown_field"),
        (CLOSED, ("closed", "leaves", 0, "by", "country"), "DEU", "bad_length"),
        (CLOSED, ("closed", "leaves", 0, "by", "role"), DROP, "missing_field"),
        (CLOSED, ("closed", "leaves", 0, "by", "name"), "Rx", "unknown_field"),
        (CLOSED, ("closed", "more"), 1, "unknown_field"),
        (SERIALS, ("serials",), [], "bad_length"),
        (SERIALS, ("serials",), ["S"] * (SERIALS_A_LINE + 1), "bad_length"),
        (SERIALS, ("serials", 1), 2, "wrong_type"),
        (SERIALS, ("tail",), 1, "unknown_field"),
        (SERIALS, ("more",), 1, "missing_field"),  # it would come first
    ],
)
def test_an_entry_that_says_anything_else_is_refused(entry, path, value, code):
    parse_entry(canonical_bytes(entry))

    with pytest.raises(MalformedInput) as error:
        parse_entry(canonical_bytes(changed(entry, *path, to=value)))

    assert error.value.code == code


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"line":1}', b'{"said":[]}'])
def test_a_line_that_is_no_entry_is_refused(data):
    with pytest.raises(MalformedInput):
        parse_entry(data)
