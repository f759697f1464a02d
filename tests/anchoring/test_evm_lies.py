"""Nodes that are down, dawdle, talk nonsense or lie: nothing of it becomes a token."""

import threading
import time

import pytest

from apps.anchoring.clients.evm import rpc, sender
from apps.anchoring.models import (
    AnchorPromise,
)
from tests.anchoring.evm import clock, edit, evm, refusal, ripe

__all__ = ["clock", "evm", "ripe"]

pytestmark = pytest.mark.django_db(transaction=True)


# --- before anything is signed ------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1])
def test_a_node_on_another_chain(evm, clock, number):
    evm.nodes[number].lies["eth_chainId"] = lambda truth: "0x1"

    fault = refusal(clock)

    assert (fault.code, fault.field) == ("chain_differs", f"node {number + 1}")
    assert (fault.got, fault.wanted) == ("1", str(evm.chain.id))
    assert evm.chain.pool == {}


@pytest.mark.parametrize("code", ["0x", "0x00", "0x" + "60" * 77])
def test_no_contract_of_ours_at_the_address(evm, clock, code):
    evm.nodes[1].lies["eth_getCode"] = lambda *_: code

    assert refusal(clock).code == "contract_differs"
    assert not AnchorPromise.objects.exists()


@pytest.mark.parametrize("seconds", [-3_700, 400])
def test_a_chain_that_stands_still_or_runs_ahead(evm, clock, seconds):
    when = hex(int(clock.at.timestamp()) + seconds)
    evm.nodes[1].lies["eth_getBlockByNumber"] = edit(timestamp=when)

    assert refusal(clock).code == "chain_time_off"
    assert not AnchorPromise.objects.exists()


def test_a_call_that_would_fail_is_not_signed(evm, clock):
    def reverted(*_):
        raise evm.nodes[0].Refusal("execution reverted")

    evm.nodes[0].lies["eth_estimateGas"] = reverted

    fault = refusal(clock)
    assert (fault.code, fault.field) == ("node_declines", "node 1, gas")
    assert "execution reverted" in str(fault)


# --- while it is on its way ---------------------------------------------------------


def test_all_nodes_down(evm, clock):
    clock.round()
    evm.end()

    assert refusal(clock).code == "node_silent"
    assert AnchorPromise.objects.count() == 1


def test_the_second_node_down(evm, ripe):
    evm.nodes[1].end()

    assert refusal(ripe).code == "node_silent"


def test_one_that_dawdles_is_left(evm, clock, monkeypatch):
    monkeypatch.setattr(rpc, "_ANSWER_SECONDS", 0.5)
    is_over = threading.Event()

    def dawdle(body):
        is_over.wait(30)
        return 200, b""

    evm.nodes[0].answer = dawdle
    began = time.monotonic()

    assert refusal(clock).code == "node_silent"
    assert time.monotonic() - began < 10
    is_over.set()


def test_one_that_dawdles_a_little_each_time_is_left_too(evm, clock, monkeypatch):
    monkeypatch.setattr(sender, "_SECONDS", 0.6)
    honest = evm.nodes[0].honest

    def dawdle(body):
        time.sleep(0.35)
        return honest(body)

    evm.nodes[0].answer = dawdle

    assert refusal(clock).code == "node_silent"


@pytest.mark.parametrize("status", [301, 401, 404, 429, 500])
def test_other_answers_of_http(evm, clock, status):
    evm.nodes[0].answer = lambda _: (status, b"{}")

    fault = refusal(clock)
    assert (fault.code, fault.got) == ("node_declines", str(status))


def test_errors_name_no_address(evm, clock):
    """It may hold a key of whoever runs the node."""
    evm.nodes[0].answer = lambda _: (403, b"")

    assert "127.0.0.1" not in str(refusal(clock))


def test_another_hash_than_was_handed_in(evm, clock):
    evm.nodes[0].lies["eth_sendRawTransaction"] = lambda truth, raw: (
        truth(raw) and "0x" + "ab" * 32
    )

    fault = refusal(clock)
    assert (fault.code, fault.got) == ("transaction_differs", "ab" * 32)


def test_a_block_that_only_one_node_knows(evm, ripe):
    evm.nodes[1].lies["eth_getBlockByNumber"] = edit(hash="0x" + "ab" * 32)

    fault = refusal(ripe)
    assert fault.code == "nodes_disagree"
    assert fault.field.startswith("node 2, block ")
    evm.nodes[1].lies.clear()
    assert ripe.round(minutes=2).stamped == ("chain",)


def test_the_fewest_confirmations_count(evm, clock):
    clock.round()
    evm.chain.mine()
    evm.nodes[0].lies["eth_blockNumber"] = lambda truth: hex(10**9)

    assert clock.round().promised == {"chain": "1 of 3 confirmations"}


# --- when it should be proven -------------------------------------------------------


def test_a_block_that_is_not_there(evm, ripe):
    evm.nodes[0].lies["eth_getBlockByHash"] = lambda *_: None

    assert refusal(ripe).code == "node_declines"


@pytest.mark.parametrize(
    "changed",
    [
        {"timestamp": "0x1"},
        {"number": "0x7"},
        {"receiptsRoot": "0x" + "ab" * 32},
        {"extraData": "0x01"},
        {"surprise": "0x"},
    ],
)
def test_a_header_that_does_not_hash_to_the_block(evm, ripe, changed):
    evm.nodes[0].lies["eth_getBlockByHash"] = edit(**changed)
    if "surprise" in changed:  # what does not belong to the header does no harm
        assert ripe.round().stamped == ("chain",)
        return

    assert refusal(ripe).code == "block_differs"


def bend(receipts):
    """The receipts of a block with one thing changed, by what it is."""
    ours = next(n for n, each in enumerate(receipts) if each["logs"])
    log = receipts[ours]["logs"][0]
    return {
        "none": [],
        "one too few": receipts[:ours] + receipts[ours + 1 :],
        "another order": receipts[::-1],
        "twice": [*receipts, receipts[0]],
        "another root": _with(receipts, ours, log | {"topics": log["topics"][::-1]}),
        "another size": _with(receipts, ours, log | {"data": "0x" + "00" * 32}),
        "another contract": _with(receipts, ours, log | {"address": "0x" + "ab" * 20}),
    }


def _with(receipts, at, log):
    return [
        each | {"logs": [log]} if number == at else each
        for number, each in enumerate(receipts)
    ]


@pytest.mark.parametrize(
    "what",
    [
        *("none", "one too few", "another order", "twice", "another root"),
        *("another size", "another contract"),
    ],
)
def test_receipts_that_are_not_those_of_the_block(evm, ripe, what):
    evm.nodes[0].lies["eth_getBlockReceipts"] = lambda truth, which: bend(truth(which))[
        what
    ]

    assert refusal(ripe).code == "receipts_differ"


@pytest.mark.parametrize("index", ["0x0", "0x7", "0xffffffff"])
def test_another_place_in_the_block(evm, ripe, index):
    evm.nodes[0].lies["eth_getTransactionReceipt"] = edit(transactionIndex=index)

    assert refusal(ripe).code in {"receipts_differ", "event_differs"}


def test_the_hash_of_another_block(evm, ripe):
    """Both nodes tell it."""
    old = evm.chain.block(evm.chain.height)
    for node in evm.nodes:
        for method in ("eth_getBlockByNumber", "eth_getBlockByHash"):
            node.lies[method] = _forge(node, old)

    assert refusal(ripe).code == "nodes_disagree"


def _forge(node, old):
    def forged(truth, which, full):
        made = truth(which, full)
        return made and made | {"hash": "0x" + old.hash.hex()}

    return forged
