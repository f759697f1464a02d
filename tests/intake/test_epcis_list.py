"""EPCIS with a list of EPCs, from the file to the staged lot."""

import gzip
import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.errors import MalformedInput
from apps.custody.models import StagedChunk, Staging
from apps.intake.formats import epcis_list
from apps.intake.formats.rows import LineError, Row
from tests.cast import AMOXIL, CARDIOL
from tests.intake.files import read
from tests.intake.world import EXPIRY

HEADER = Row(0, ("serial", "gtin", "lot", "expiry"))


def _epc(serial, gtin=AMOXIL.gtin):
    return f"https://id.gs1.org/01/{gtin}/21/{serial}"


def _event(*epcs, **changes):
    return {
        "type": "ObjectEvent",
        "action": "ADD",
        "bizStep": "commissioning",
        "epcList": list(epcs),
    } | changes


def _document(*events):
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "epcisBody": {"eventList": list(events)},
    }


def _bytes(document):
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    "document",
    [
        [_epc("A1"), _epc("B%2F2")],
        _event(_epc("A1"), _epc("B%2F2")),
        _document(
            _event(_epc("A1")), _event(_epc("B%2F2"), bizStep="cbv:commissioning")
        ),
    ],
)
def test_epcs_are_rows_by_their_place(tmp_path, document):
    assert read(_bytes(document), tmp_path) == [
        HEADER,
        Row(1, ("A1", AMOXIL.gtin, "", "")),
        Row(2, ("B/2", AMOXIL.gtin, "", "")),
    ]


@pytest.mark.parametrize(
    "epc",
    [
        7,
        None,
        {},
        "",
        "A1",
        "https://id.gs1.org/00/095215680000000007",
        _epc("A1", "09521568251203"),
        _epc("A" * 21),
        _epc("A B"),
        _epc(""),
        "\ud800",
        _epc("A\ud800"),
        _epc("A?"),
        "urn:epc:id:sgtin:9521568.025120.A1",
    ],
)
def test_an_epc_that_is_no_pack_is_an_error_of_its_place(tmp_path, epc):
    header, error, row = read(_bytes([epc, _epc("A1")]), tmp_path)

    assert header == HEADER
    assert isinstance(error, LineError)
    assert (error.line_no, bool(error.wanted)) == (1, True)
    assert error.row.isprintable()
    assert row == Row(2, ("A1", AMOXIL.gtin, "", ""))


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ({}, "not_epcis"),
        (_document(), None),
        (_document() | {"epcisBody": []}, "not_epcis"),
        (_document(7), "not_epcis"),
        (_event(_epc("A1"), action="OBSERVE"), "not_epcis"),
        (_event(_epc("A1"), type="AggregationEvent"), "not_epcis"),
        (_event(_epc("A1"), bizStep="decommissioning"), "not_epcis"),
        (_event(_epc("A1"), bizStep="shipping"), "not_epcis"),
        (_event(epcList=_epc("A1")), "not_epcis"),
        (_event(_epc("A1"), ilmd=[]), "not_epcis"),
        (_event(_epc("A1"), ilmd={"cbvmda:lotNumber": 7}), "not_epcis"),
    ],
)
def test_other_events_than_a_beginning_are_refused(tmp_path, document, code):
    if code is None:
        assert read(_bytes(document), tmp_path) == [HEADER]
        return
    with pytest.raises(MalformedInput) as caught:
        read(_bytes(document), tmp_path)

    assert (caught.value.code, caught.value.field) == (code, "file")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"[", "not_epcis"),
        (b"[" * 200_000, "not_epcis"),
        (b'["\xff"]', "not_epcis"),
        (b"[" + b"9" * 9_999 + b"]", "not_epcis"),
        (b"[" + b"{}," * 1_000_000 + b"{}]", "too_many_rows"),
        (b'["' + b"9" * 9_000_000 + b'"]', "not_epcis"),
        (b"[" + b" " * 9_000_000 + b"]", "not_epcis"),
        (b"[NaN]", "not_epcis"),
        (b"[1] [2]", "not_epcis"),
        (b'["\\udc00"]', "not_epcis"),
        (b"[1e999]", "not_epcis"),
        (b'{"epcList": [], "epcList": []}', "not_epcis"),
        (b'{"epcisBody": {"eventList": [], "eventList": []}}', "not_epcis"),
    ],
)
def test_hostile_json_is_refused(tmp_path, content, code):
    with pytest.raises(MalformedInput) as caught:
        read(content, tmp_path)

    assert caught.value.code == code


def test_many_epcs_are_read_in_little_memory(tmp_path):
    path = tmp_path / "epcis.json"
    event = _event(*[_epc(f"A{number:013}") for number in range(50_000)])
    path.write_text(json.dumps(_document(*[event] * 4), indent=2))
    tracemalloc.start()

    total, rows = epcis_list.open_epcis(path, progress=lambda: None)
    count = sum(1 for _ in rows)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (total, count) == (200_000, 200_001)
    assert path.stat().st_size > 10_000_000
    assert most_bytes < 1_000_000


def test_what_an_event_says_may_stand_behind_its_list(tmp_path):
    event = dict(reversed(_event(_epc("A1"), ilmd={"cbvmda:lotNumber": "L1"}).items()))
    other = _event(_epc("B2"), _epc("C3"))
    document = dict(reversed(_document(event, other).items()))

    assert read(_bytes(document), tmp_path) == [
        HEADER,
        Row(1, ("A1", AMOXIL.gtin, "L1", "")),
        Row(2, ("B2", AMOXIL.gtin, "", "")),
        Row(3, ("C3", AMOXIL.gtin, "", "")),
    ]


def test_an_event_is_not_what_stands_beside_it(tmp_path):
    event = _event(_epc("A1"), epcisBody={"eventList": [7]}, ilmd={"epcList": ["B2"]})

    assert read(_bytes(event), tmp_path) == [
        HEADER,
        Row(1, ("A1", AMOXIL.gtin, "", "")),
    ]


@given(tail=st.binary(max_size=200))
def test_any_json_like_bytes_give_rows_errors_or_a_refusal(tmp_path_factory, tail):
    folder = tmp_path_factory.mktemp("any")
    for head in (b"[", b"{", b'["', b'{"type":'):
        try:
            rows = read(head + tail, folder)
        except MalformedInput:
            continue
        assert all(isinstance(row, Row | LineError) for row in rows)


def test_a_document_is_staged(world):
    ilmd = {"cbvmda:lotNumber": "A123", "cbvmda:itemExpirationDate": EXPIRY}
    event = _event(*[_epc(name) for name in ("21", "sn", "S3")], ilmd=ilmd)

    upload = world.check(gzip.compress(_bytes(_document(event))))

    assert (upload.state, upload.rows_done) == ("staged", 3)
    assert StagedChunk.objects.get().serials.split("\n") == ["21", "sn", "S3"]


def test_errors_name_the_place_of_the_epc(world):
    good, other = _event(_epc("A1"), _epc("A1")), _event(_epc("B2", CARDIOL.gtin))
    late = _event(_epc("C3"), ilmd={"cbvmda:lotNumber": "B9"})

    upload = world.check(_bytes(_document(good, other, late, _event("D4"))))

    assert upload.state == "refused"
    assert world.errors(upload) == [
        (2, "serial_repeated", "serial"),
        (3, "other_gtin", "gtin"),
        (4, "other_lot", "lot"),
        (5, "bad_epc", "epc"),
    ]
    assert not Staging.objects.exists()
