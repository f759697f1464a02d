"""Nodes that answer nonsense, in any answer and any field: refused, and never a token."""

import json

import pytest

from apps.anchoring.clients.evm import rpc
from apps.anchoring.clients.evm.receipts import _HEADER, _LATER
from apps.anchoring.models import AnchorPromise, AnchorState, AnchorToken
from apps.core.errors import MalformedInput
from tests.anchoring.evm import BY, clock, edit, evm, refusal, ripe
from tests.anchoring.evm_chain import GWEI
from tests.hostile import JSON, VALUES

__all__ = ["clock", "evm", "ripe"]

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


NONSENSE = [
    VALUES[kind]
    for kind in (
        *(
            "null",
            "true",
            "minus one",
            "the largest integer",
            "empty text",
            "long text",
        ),
        *("full-width digits", "empty list", "list of null", "object"),
    )
] + ["0x", "0xzz", "0x" + "f" * 65, "0x" + "ab" * 31]


NUMBERS = (VALUES["the largest integer"], VALUES["full-width digits"])


@pytest.mark.parametrize(
    "method",
    [
        *("eth_chainId", "eth_getCode", "eth_getBlockByNumber", "eth_getBalance"),
        *("eth_getTransactionCount", "eth_maxPriorityFeePerGas", "eth_estimateGas"),
        *("eth_sendRawTransaction", "eth_getTransactionByHash"),
    ],
)
def test_nonsense_before_it_is_in_a_block(evm, clock, method):
    for value in NONSENSE:
        evm.nodes[0].lies = {method: lambda *_, said=value: said}
        clock.insist()
        evm.chain.pool = {}
        AnchorPromise.objects.all().delete()
        AnchorState.objects.all().delete()
        evm.chain.mine()

    assert not AnchorToken.objects.exists()
    evm.nodes[0].lies = {}
    clock.round()
    evm.chain.mine(3)
    assert clock.round().stamped == ("chain",)


@pytest.mark.parametrize(
    "method",
    [
        *("eth_getTransactionReceipt", "eth_blockNumber", "eth_getBlockByNumber"),
        *("eth_getBlockByHash", "eth_getBlockReceipts"),
    ],
)
def test_nonsense_when_it_should_be_proven(evm, ripe, method):
    for value in NONSENSE:
        # These are numbers to Python, and then the other node is right.
        if method == "eth_blockNumber" and value in NUMBERS:
            continue
        evm.nodes[0].lies = {method: lambda *_, said=value: said}
        assert ripe.insist().stamped == ()

    assert not AnchorToken.objects.exists()
    evm.nodes[0].lies = {}
    assert ripe.insist().stamped == ("chain",)


def test_nonsense_in_any_field_of_the_header(evm, ripe):
    for name in (*_HEADER, *_LATER):
        for value in NONSENSE[::3]:
            if name == "extraData" and value in ("", "0x"):
                continue  # the truth
            evm.nodes[0].lies = {"eth_getBlockByHash": edit(**{name: value})}
            assert ripe.insist().stamped == (), (name, value)


def test_nonsense_in_any_field_of_the_receipts(evm, ripe):
    for name in (
        *("type", "status", "cumulativeGasUsed", "logsBloom", "logs"),
        *("address", "topics", "data"),
    ):
        for value in NONSENSE:
            evm.nodes[0].lies = {"eth_getBlockReceipts": _bending(name, value)}
            assert ripe.insist().stamped == (), (name, value)


def test_nonsense_in_what_places_the_receipt(evm, ripe):
    for name in ("blockHash", "blockNumber", "transactionIndex", "status"):
        for value in NONSENSE:
            if name == "status" and value in NUMBERS:
                continue  # a call that failed
            evm.nodes[0].lies = {"eth_getTransactionReceipt": edit(**{name: value})}
            assert ripe.insist().stamped == (), (name, value)
    assert AnchorPromise.objects.exists()


def _bending(name, value):
    def bent(truth, *asked):
        made = truth(*asked)
        for each in made if isinstance(made, list) else [made]:
            each.update({name: value} if name in each else {})
            for log in each.get("logs") or []:
                log.update({name: value} if name in log else {})
        return made

    return bent


def test_answers_that_are_no_json_of_the_protocol(evm, clock):
    for name, answer in JSON.items():
        evm.nodes[0].answer = lambda _, said=answer: (200, said)

        fault = clock.insist().failed["chain"]
        assert isinstance(fault, MalformedInput), name
        assert fault.field.startswith("node 1"), name
    assert not AnchorPromise.objects.exists()


ENVELOPES = (
    {"jsonrpc": "1.0", "id": 0, "result": "0x1"},
    {"jsonrpc": "2.0", "id": 0},
    {"jsonrpc": "2.0", "id": 0, "result": "0x1", "error": None},
    {"jsonrpc": "2.0", "id": [], "result": "0x1"},
    {"jsonrpc": "2.0", "result": "0x1"},
    {"jsonrpc": "2.0", "id": 0, "error": "no"},
    {"jsonrpc": "2.0", "id": 0, "error": {"code": -32000, "message": {}}},
    {"jsonrpc": "2.0", "id": 0, "error": {"code": "x", "message": "no"}},
    {"jsonrpc": "2.0", "id": 0, "error": {"code": -32000, "message": "no"}},
    [{"jsonrpc": "2.0", "id": 0, "result": "0x1"}],
)


def test_envelopes_that_are_none(evm, clock):
    for said in ENVELOPES:
        evm.nodes[0].answer = lambda _, said=said: (200, json.dumps(said).encode())

        fault = clock.insist().failed["chain"]
        assert fault.code in {"bad_answer", "node_declines"}, said
    assert not AnchorPromise.objects.exists()


def test_more_than_any_answer_may_be(evm, clock, monkeypatch):
    monkeypatch.setattr(rpc, "_MAX_ANSWER_BYTES", 1_000)
    evm.nodes[0].answer = lambda _: (200, b" " * 1_001)

    assert refusal(clock).code == "node_silent"


def test_the_money_stays_where_it_is(evm, clock):
    before = evm.chain.tester.get_balance(BY)
    for lie in ("eth_chainId", "eth_getCode"):
        evm.nodes[1].lies = {lie: lambda *_: "0x1"}
        clock.round(minutes=31)
        evm.chain.mine()

    assert evm.chain.tester.get_balance(BY) == before
    assert before > GWEI
