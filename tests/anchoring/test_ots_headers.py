"""Sources of Bitcoin headers that are down, talk nonsense or lie: nothing is believed."""

import json
import os
from datetime import timedelta

import pytest

from apps.anchoring import operations
from apps.anchoring.models import AnchorPromise
from tests.anchoring.ots import one, ots, promised, refusal, said

__all__ = ["one", "ots", "promised", "said"]

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_source_answers(one, promised):
    one.bitcoin.end()

    assert refusal(promised).code == "headers_silent"


def test_the_source_says_there_is_another_block(one, promised):
    one.bitcoin.lies["/block-height/"] = one.bitcoin.name(0).encode()

    assert refusal(promised).code == "block_differs"


def test_the_source_gives_a_header_of_another_name(one, promised):
    one.bitcoin.lies["/block/"] = one.bitcoin.blocks[0].hex().encode()

    fault = refusal(promised)
    assert (fault.code, fault.field) == ("block_differs", "hash")


def test_a_header_that_nobody_worked_for(one, promised):
    """The root would fit; the work of the real chain is missing."""
    one.write(chain="bitcoin")

    fault = refusal(promised)
    assert (fault.code, fault.field) == ("header_without_work", "header")


def test_a_block_of_another_time(one, said):
    operations.anchor_now(at=said)
    one.calendars[0].confirm(one.bitcoin, said - timedelta(hours=3), blocks=3)

    assert refusal(said).code == "stamp_time_off"


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/block-height/", b""),
        ("/block-height/", b"<html>"),
        ("/block-height/", b"AB" * 32),
        ("/block-height/", b"0" * 63),
        ("/block/", b""),
        ("/block/", b"00" * 79),
        ("/block/", b"zz" * 80),
        ("/blocks/tip", b""),
        ("/blocks/tip", b"-1"),
        ("/blocks/tip", b"1e9"),
        ("/blocks/tip", b"9" * 50),
        ("/blocks/tip", b"0" * 100_001),
    ],
)
def test_nonsense_of_esplora(one, promised, path, answer):
    one.bitcoin.lies[path] = answer

    assert refusal(promised).code in {"bad_answer", "bad_hex", "headers_silent"}


@pytest.mark.parametrize(
    ("method", "result"),
    [
        ("getblockhash", None),
        ("getblockhash", 7),
        ("getblockhash", "00"),
        ("getblockheader", {"hash": "00"}),
        ("getblockheader", "00"),
        ("getblockcount", "100"),
        ("getblockcount", True),
        ("getblockcount", -1),
    ],
)
def test_nonsense_of_a_node_of_ones_own(one, promised, method, result):
    one.write(headers=f"core {one.bitcoin.url} cookie")
    one.bitcoin.lies[method] = json.dumps({"id": 0, "result": result}).encode()

    assert refusal(promised).code in {"bad_answer", "bad_hex"}


@pytest.mark.parametrize("answer", [b"", b"[]", b"null", b"{", b'{"result":{}}'])
def test_a_node_that_speaks_no_json_of_the_protocol(one, promised, answer):
    one.write(headers=f"core {one.bitcoin.url} cookie")
    one.bitcoin.lies["getblockhash"] = answer

    assert refusal(promised).code in {"bad_answer", "not_json"}


def test_a_node_that_admits_nobody(one, promised):
    one.write(headers=f"core {one.bitcoin.url} cookie")
    (one.folder / "cookie").write_text("somebody:else")
    fault = refusal(promised)
    assert (fault.code, fault.got) == ("headers_decline", "401")

    (one.folder / "cookie").unlink()
    assert refusal(promised).code == "secret_missing"


def test_a_chain_that_grows_again_is_counted_again(one, promised):
    gone = one.bitcoin.blocks.pop()

    result = operations.anchor_now(at=promised)
    assert "2 of 3 confirmations" in result.promised["bitcoin"]
    one.bitcoin.blocks.append(gone)
    assert operations.anchor_now(at=promised).stamped == ("bitcoin",)


def test_a_block_that_another_one_replaced_is_not_believed(one, promised):
    one.bitcoin.blocks = one.bitcoin.blocks[: one.height]
    one.bitcoin.mine(promised, os.urandom(32), count=5)

    assert refusal(promised).code == "block_differs"
    assert AnchorPromise.objects.count() == 1
