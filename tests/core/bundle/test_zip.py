"""Hostile zips: refused with a clear word, in bounded memory, whatever they claim."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import pytest

from apps.core.bundle.build import assemble
from apps.core.bundle.zipform import (
    CHAINS,
    CHECKPOINT,
    ENTRIES,
    MANIFEST,
    MAX_SIZE,
    METHODS,
    TREE,
    Header,
    directory,
)
from apps.core.bundle.zipread import ZipReader
from apps.core.bundle.zipwrite import Packed, Packer, write_zip
from apps.core.errors import MalformedInput, ProofError, Unavailable
from tests.core.bundle.acts import random_history
from tests.core.bundle.planning import bundle_of, check
from tests.core.bundle.tampering import Parts


@pytest.fixture(scope="module")
def history():
    return random_history(31, steps=15)


@pytest.fixture(scope="module")
def data(history):
    return bundle_of(history, "A1")


def refused(data, history):
    with pytest.raises(ProofError) as error:
        check(data, history)
    return error.value


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezipped(pairs):
    """What Python's own writer makes of members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in pairs:
            info = zipfile.ZipInfo(name)
            info.compress_type = METHODS.get(name, 8)
            archive.writestr(info, content)
    return out.getvalue()


def test_everybody_can_open_it(data):
    found = members(data)

    assert list(found) == list(METHODS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None


def test_the_same_members_by_another_writer_are_another_file(data, history):
    error = refused(rezipped(members(data).items()), history)

    assert (error.step, error.code) == (1, "bad_zip")


@pytest.mark.parametrize(
    "name",
    ["../manifest.json", "/manifest.json", "MANIFEST.JSON", "a/b", "manifest.jsom", ""],
)
def test_a_name_that_is_not_the_one_that_follows(data, history, name):
    pairs = [(name, b"{}"), *list(members(data).items())[1:]]

    assert refused(rezipped(pairs), history).code == "bad_zip"


def test_a_member_twice_a_member_more_a_member_less(data, history):
    parts = [
        (Header(n, zlib.crc32(c), len(c), len(c)), c) for n, c in members(data).items()
    ]
    for made in (parts[:1] + parts, [*parts, parts[-1]], parts[:-1], parts[1:], []):
        out = b"".join(header.local() + content for header, content in made)
        out += directory([header for header, _ in made])

        assert refused(out, history).code == "bad_zip"


@pytest.mark.parametrize("cut", [0, 1, 4, 29, 30, 43, 200, -1, -22, -60])
def test_a_file_cut_short(data, history, cut):
    assert refused(data[:cut], history).code in {"bad_zip", "proof_too_short"}


def test_bytes_before_and_behind_and_a_comment(data, history):
    commented = data[:-2] + b"\x01\x00x"
    for made in (b"x" + data, data + b"x", commented, data + data):
        assert refused(made, history).code == "bad_zip"


# Offsets in the first local header, APPNOTE 4.3.7.
@pytest.mark.parametrize(
    ("offset", "size", "value"),
    [
        (4, 2, 45),  # version: zip64
        (6, 2, 1),  # flags: encrypted
        (6, 2, 8),  # flags: sizes follow the data
        (6, 2, 0x800),  # flags: another spelling of names
        (8, 2, 0),  # method: stored
        (8, 2, 12),  # method: bzip2
        (8, 2, 99),
        (10, 2, 1),  # time
        (12, 2, 0x5A21),  # date
        (14, 4, 0),  # check sum
        (18, 4, 1),  # packed size
        (18, 4, 0xFFFFFFFF),
        (22, 4, 1),  # size
        (22, 4, 0xFFFFFFFF),
        (26, 2, 0),  # length of the name
        (26, 2, 0xFFFF),
        (28, 2, 4),  # length of extras
    ],
)
def test_a_header_that_says_anything_else(data, history, offset, size, value):
    form = {2: "<H", 4: "<I"}[size]
    made = data[:offset] + struct.pack(form, value) + data[offset + size :]

    assert refused(made, history).code in {"bad_zip", "not_json"}


def test_every_byte_of_the_directory_counts(data, history):
    start = data.rindex(b"PK\5\6")
    first = data.index(b"PK\1\2")
    for at in [*range(first, first + 70), *range(start, len(data))]:
        made = data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :]

        assert refused(made, history).code == "bad_zip", at


def test_a_symbolic_link_is_a_name_with_other_attributes(data, history):
    first = data.index(b"PK\1\2")
    external = struct.pack("<I", 0o120777 << 16)
    made = data[: first + 38] + external + data[first + 42 :]

    assert refused(made, history).code == "bad_zip"


def bomb(name, size):
    """A member of zeros that unpacks to `size` bytes, and headers that say so."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packing.compress(bytes(1 << 20)) * 0
    crc = 0
    for _ in range(size >> 20):
        packed += packing.compress(bytes(1 << 20))
        crc = zlib.crc32(bytes(1 << 20), crc)
    packed += packing.flush()
    return Header(name, crc, len(packed), size).local() + packed


def test_a_manifest_that_unpacks_to_a_gigabyte_is_not_unpacked(history):
    made = bomb(MANIFEST, 256 << 20)
    tracemalloc.start()

    error = refused(made, history)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (error.step, error.code) == (1, "bad_zip")
    assert "at most 1048576 bytes" in str(error)
    assert peak < 8 << 20


def _with(parts, name, raw):
    """The bundle with other bytes for one member, and the manifest that fits."""
    pieces, packed = members(parts.zip()), []
    pieces[name] = raw
    for each, content in list(pieces.items())[1:]:
        file = io.BytesIO()
        packer = Packer(each, file)
        packer.write(content)
        done = packer.finish()
        file.seek(0)
        packed.append((done, file))
    out = io.BytesIO()
    assemble(out, parts.manifest, packed, io.BytesIO())
    return out.getvalue()


def test_a_line_without_an_end_is_given_up_before_it_is_read(data, history):
    made = _with(Parts.of(data), ENTRIES, b"[" * (64 << 20))
    tracemalloc.start()

    error = refused(made, history)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (error.step, error.code) == (1, "bad_zip")
    assert "longer line" in str(error)
    assert peak < 64 << 20


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        (ENTRIES, b"[" * 5_000 + b"\n", "too_deep"),
        (ENTRIES, b'{"said":' * 200 + b"1" + b"}" * 200 + b"\n", "too_deep"),
        (ENTRIES, b'{"said":{}}', "bad_zip"),
        (ENTRIES, b'{"said":{}}\n', "missing_field"),
        (ENTRIES, b'{"said" :{}}\n', "not_canonical"),
        (ENTRIES, b'{"said":{},"said":{}}\n', "duplicate_name"),
        (ENTRIES, b'{"other":{}}\n', "missing_field"),
        (ENTRIES, b"\xff\n", "not_utf8"),
        (ENTRIES, b"\n", "not_json"),
        (ENTRIES, b"", "no_genesis"),
        (ENTRIES, b'{"serials":["S1"]}\n', "entry_out_of_place"),
        (ENTRIES, b'{"serials":[1]}\n', "wrong_type"),
        (CHAINS, b"", "foreign_leaf"),
        (CHAINS, b"{}\n", "missing_field"),
        (CHAINS, b'{"chain":{"count":0,"of":["city"],"tag":"' + b"00" * 32 + b'"}}\n', "unknown_word"),
        (CHAINS, b"x" * 2_000 + b"\n", "bad_zip"),
        (CHAINS, b"x" * (2 << 16), "bad_zip"),
        (CHECKPOINT, b"x" * 2_000_000, "bad_zip"),
        (CHECKPOINT, b"", "bad_note"),
        (TREE, b"", "proof_too_short"),
    ],
)  # fmt: skip
def test_what_is_inside_is_bounded_and_strict(data, history, name, raw, code):
    assert refused(_with(Parts.of(data), name, raw), history).code == code


def test_packed_data_that_goes_on_or_ends_early(data):
    content = b"abc" * 1_000
    packing = zlib.compressobj(6, zlib.DEFLATED, -15)
    packed = packing.compress(content) + packing.flush()
    crc = zlib.crc32(content)
    cases = {
        "whole": (packed, len(content), crc, ""),
        "more behind it": (packed + b"\0", len(content), crc, "behind"),
        "cut short": (packed[:-3], len(content), crc, "cut short"),
        "another size": (packed, len(content) - 1, crc, "more bytes"),
        "a larger size": (packed, len(content) + 1, crc, "check sum"),
        "another sum": (packed, len(content), crc ^ 1, "check sum"),
        "not packed": (b"\xff" * 20, 20, crc, "no deflated data"),
    }
    for name, (body, size, summed, wanted) in cases.items():
        header = Header(ENTRIES, summed, len(body), size)
        member = ZipReader(io.BytesIO(header.local() + body)).open(ENTRIES)
        if not wanted:
            assert b"".join(member.pieces()) == content
            continue
        with pytest.raises(MalformedInput, match=wanted):
            list(member.pieces())
        assert name


def test_lines_across_pieces_come_whole():
    lines = [b"%d" % n * 7_000 for n in range(40)]
    content = b"".join(line + b"\n" for line in lines)
    file = io.BytesIO()
    packer = Packer(ENTRIES, file)
    packer.write(content)
    header = packer.finish().header
    stream = io.BytesIO(header.local() + file.getvalue())

    assert list(ZipReader(stream).open(ENTRIES).lines(most=20_000)) == lines


def test_a_bundle_that_the_form_cannot_hold_is_not_written():
    header = Header(TREE, 0, MAX_SIZE, MAX_SIZE)
    packed = Packed(header, bytes(32))
    with pytest.raises(Unavailable, match="bundle too large"):
        write_zip(io.BytesIO(), [(packed, io.BytesIO()), (packed, io.BytesIO())])

    class Counting(io.RawIOBase):
        def write(self, data):
            return len(data)

    packer = Packer(TREE, Counting())
    packer._size = packer._packed = MAX_SIZE
    with pytest.raises(Unavailable, match="bundle too large"):
        packer.write(b"x")
