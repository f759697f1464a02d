"""Proofs and headers as bytes: a real block of Bitcoin, and whatever else comes."""

import sys
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentimestamps.core.notary import (
    BitcoinBlockHeaderAttestation,
    PendingAttestation,
)
from opentimestamps.core.op import OpAppend, OpSHA1, OpSHA256
from opentimestamps.core.serialize import BytesSerializationContext
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from apps.anchoring.clients.anchor_file import list_anchors
from apps.anchoring.clients.anchors import find_judge, open_anchor
from apps.anchoring.clients.ots.blocks import Header
from apps.anchoring.clients.ots.options import read_options
from apps.anchoring.clients.ots.proofs import read_answer, read_file, write_file
from apps.core.errors import MalformedInput, ProofError, TraceError, Unavailable

# Block 0 of Bitcoin: its one transaction is what was stamped, its header the real one.
COINBASE = bytes.fromhex(
    "01000000010000000000000000000000000000000000000000000000000000000000000000ffffffff"
    "4d04ffff001d0104455468652054696d65732030332f4a616e2f32303039204368616e63656c6c6f72"
    "206f6e206272696e6b206f66207365636f6e64206261696c6f757420666f722062616e6b73ffffffff"
    "0100f2052a01000000434104678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f"
    "61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5fac00000000"
)
HEADER = bytes.fromhex(
    "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a"
    "7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"
)
NAME = "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"
FACTS = {
    "chain": "bitcoin",
    "block_number": 0,
    "block_hash": NAME,
    "header": HEADER.hex(),
}


def proof(*, height=0, data=COINBASE):
    stamp = Timestamp(sha256(data).digest())
    inner = stamp.ops.add(OpSHA256())
    inner.attestations.add(BitcoinBlockHeaderAttestation(height))
    return stamp


TOKEN = write_file(proof())


def judge():
    return find_judge(name="gone", kind="ots")


def test_a_real_block_with_real_work():
    stamp = judge().verify(TOKEN, COINBASE, facts=FACTS)

    assert stamp.stamped_at.isoformat() == "2009-01-03T18:15:05+00:00"
    assert stamp.facts == FACTS
    assert Header.parse(HEADER, chain="bitcoin").hash_hex == NAME


def test_without_its_header_it_says_the_block_and_no_time():
    stamp = judge().verify(TOKEN, COINBASE, facts={"chain": "bitcoin"})

    assert stamp.stamped_at is None
    assert stamp.facts == {"chain": "bitcoin", "block_number": 0}


@pytest.mark.parametrize("at", range(80))
def test_a_header_with_another_byte_is_none(at):
    bent = bytearray(HEADER)
    bent[at] ^= 1

    with pytest.raises(ProofError) as caught:
        Header.parse(bytes(bent), chain="bitcoin").verify_root(HEADER[36:68])
    assert caught.value.code in {"header_without_work", "block_differs"}


@pytest.mark.parametrize(
    "bits",
    [
        pytest.param("ffff001e", id="easier than the chain admits"),
        pytest.param("ffff7f20", id="as easy as regtest"),
        pytest.param("ffff801d", id="a negative target"),
        pytest.param("000000ff", id="a target beyond all hashes"),
        pytest.param("00000000", id="none"),
        pytest.param("ffffff02", id="shorter than its mantissa"),
    ],
)
def test_targets_that_count_for_nothing(bits):
    made = HEADER[:72] + bytes.fromhex(bits) + HEADER[76:]

    with pytest.raises(ProofError, match="header without work"):
        Header.parse(made, chain="bitcoin")


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        (FACTS | {"header": HEADER.hex()[:-2]}, "bad_hex"),
        (FACTS | {"header": "zz" * 80}, "bad_hex"),
        (FACTS | {"header": 7}, "bad_hex"),
        (FACTS | {"header": "00" * 80}, "header_without_work"),
        (FACTS | {"chain": "litecoin"}, "unknown_word"),
    ],
)
def test_facts_that_do_not_hold(facts, code):
    with pytest.raises(TraceError) as caught:
        judge().verify(TOKEN, COINBASE, facts=facts)
    assert caught.value.code == code


def test_facts_that_were_changed_are_found_again():
    told = FACTS | {"block_number": 7, "block_hash": "00" * 32}

    assert judge().verify(TOKEN, COINBASE, facts=told).facts == FACTS


def file(stamp, operation=OpSHA256()):  # noqa: B008
    context = BytesSerializationContext()
    DetachedTimestampFile(operation, stamp).serialize(context)
    return context.getbytes()


def two_blocks():
    stamp = proof()
    inner = stamp.ops.add(OpAppend(b"x")).ops.add(OpSHA256())
    inner.attestations.add(BitcoinBlockHeaderAttestation(7))
    return stamp


def still_pending():
    stamp = proof()
    stamp.attestations.add(PendingAttestation("https://calendar.example"))
    return stamp


def other_hash():
    stamp = Timestamp(bytes(20))
    stamp.attestations.add(BitcoinBlockHeaderAttestation(0))
    return file(stamp, OpSHA1())


@pytest.mark.parametrize(
    ("token", "code"),
    [
        pytest.param(b"", "bad_stamp", id="nothing"),
        pytest.param(TOKEN[:-1], "bad_stamp", id="cut short"),
        pytest.param(TOKEN + b"\0", "bad_stamp", id="more after the end"),
        pytest.param(
            TOKEN.replace(b"Proof", b"proof"), "bad_stamp", id="another magic"
        ),
        pytest.param(TOKEN[:31] + b"\x02" + TOKEN[32:], "bad_stamp", id="version 2"),
        pytest.param(TOKEN[:-2] + b"\x02\x80\x00", "bad_stamp", id="another spelling"),
        pytest.param(b"\0" * 64_001, "bad_stamp", id="too large"),
        pytest.param(file(proof(data=b"other")), "stamp_differs", id="another head"),
        pytest.param(other_hash(), "stamp_differs", id="another hash"),
        pytest.param(file(two_blocks()), "unfit_proof", id="two blocks"),
        pytest.param(file(still_pending()), "unfit_proof", id="still pending"),
    ],
)
def test_tokens_that_are_none(token, code):
    with pytest.raises(TraceError) as caught:
        judge().verify(token, COINBASE, facts=FACTS)
    assert caught.value.code == code


@given(st.binary(max_size=300))
def test_any_bytes_are_an_answer_or_refused(data):
    with suppress(MalformedInput, ProofError):
        read_answer(data, bytes(32))


@given(st.data())
def test_a_flipped_bit_never_verifies(data):
    plain = bytearray(TOKEN)
    at = data.draw(st.integers(0, len(plain) - 1))
    plain[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        stamp = judge().verify(bytes(plain), COINBASE, facts=FACTS)
    except TraceError:
        return
    # The height is told by the proof: only the chain says whose header it is.
    assert stamp.facts["block_number"] != 0


def test_deeper_than_any_proof():
    with pytest.raises(MalformedInput, match="bad stamp"):
        read_answer(b"\x08" * 300, bytes(32))


def test_what_is_written_is_read():
    stamp = read_file(TOKEN, COINBASE)

    assert write_file(stamp) == TOKEN
    assert stamp == proof()


# --- the table ----------------------------------------------------------------------

LINES = {"kind": "ots", "calendars": "https://a.example https://b.example/"}


@pytest.fixture
def table(settings, tmp_path):
    settings.ANCHOR_TSAS = str(tmp_path / "services.toml")

    def write(**changed):
        lines = {k: v for k, v in (LINES | changed).items() if v is not None}
        text = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
        (tmp_path / "services.toml").write_text(f"[bitcoin]\n{text}")
        return list_anchors()[0]

    return write


def test_what_is_usual(table):
    options = read_options(table())

    assert options.calendars == ("https://a.example", "https://b.example")
    assert options.accepted == {"https://a.example", "https://b.example"}
    assert (options.headers, options.confirmations) == ("", 6)
    assert options.chain == "bitcoin"
    assert table().periods == (timedelta(hours=1), timedelta(days=1))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"calendars": None, "headers": "esplora https://a.example"}, "got calendars"),
        ({"calendars": ""}, "1 to 8"),
        ({"calendars": " ".join(f"https://{n}.example" for n in range(9))}, "1 to 8"),
        ({"calendars": "ftp://a.example"}, "http or https"),
        ({"calendars": "https://a.example https://a.example/"}, "each once"),
        ({"accept": "calendar"}, "http or https"),
        ({"headers": "esplora"}, "esplora URL"),
        ({"headers": "esplora a b"}, "esplora URL"),
        ({"headers": "core https://a.example"}, "core URL COOKIE"),
        ({"headers": "electrum https://a.example"}, "esplora, core, some.module"),
        ({"headers": "tests.nowhere.open_headers x"}, "tests.nowhere"),
        ({"confirmations": "0"}, "a number"),
        ({"chain": "litecoin"}, "bitcoin, bitcoin-regtest"),
        ({"key": "x"}, "got key"),
    ],
)
def test_lines_that_do_not_fit(table, changed, said):
    with pytest.raises(Unavailable, match=said) as caught:
        open_anchor(table(**changed))
    assert caught.value.code == "anchors_unusable"


def test_without_its_packages_it_says_what_to_do(table, monkeypatch):
    for name in [n for n in sys.modules if "clients.ots" in n]:
        monkeypatch.delitem(sys.modules, name)
    for name in [n for n in sys.modules if n.startswith("opentimestamps")]:
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(Unavailable) as caught:
        open_anchor(table())

    assert caught.value.code == "anchor_extra_missing"
    assert "opentimestamps" in caught.value.got
    assert caught.value.wanted == "pip install -r requirements-anchors.txt"
    with pytest.raises(Unavailable, match="anchor extra missing"):
        find_judge(name="bitcoin", kind="ots")
    # Tokens of a service that is gone, and its packages with it: nobody judges.
    assert find_judge(name="gone", kind="ots") is None


def test_a_judge_does_not_send(now):
    with pytest.raises(RuntimeError, match="judge"):
        judge().stamp(b"head", at=now)
