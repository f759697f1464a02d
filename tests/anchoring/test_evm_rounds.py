"""Anchors on a chain: from a signed call to a proven event, through reorganisations."""

import json
from dataclasses import replace

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.clients.evm.state import State
from apps.anchoring.models import AnchorPromise, AnchorState, AnchorToken
from apps.anchoring.operations import anchor as anchor_module
from apps.anchoring.operations import anchor_rows
from apps.core.evm.token import EvmToken, verify_token
from tests.anchoring.evm import BY, KEY, clock, evm
from tests.anchoring.outsider import verify_public
from tests.anchoring.tsa import grow, kinds

__all__ = ["clock", "evm"]

pytestmark = pytest.mark.django_db(transaction=True)


def state() -> State:
    return State.parse(bytes(AnchorPromise.objects.get().state))


def note() -> str:
    return AnchorPromise.objects.get().note


def sent(evm) -> int:
    return evm.nodes[0].asked.count("eth_sendRawTransaction")


def test_submitted_now_and_confirmed_by_later_rounds(evm, clock, log):
    notes = [clock.round().promised["chain"]]
    evm.chain.noise(2)
    evm.chain.mine()
    for _ in range(2):
        notes.append(clock.round().promised["chain"])
        evm.chain.mine()

    assert clock.round().stamped == ("chain",)
    assert notes == ["handed in", "1 of 3 confirmations", "2 of 3 confirmations"]
    assert sent(evm) == 1
    operations.sequence(at=clock.at)
    assert kinds(log) == [1, 3, 4, 3]
    assert verify_public(log) == 4


def finish(evm, clock):
    """Blocks and rounds until the stamp is there."""
    for _ in range(8):
        evm.chain.mine()
        if clock.round().stamped:
            operations.sequence(at=clock.at)
            return
    raise AssertionError(note())


def test_the_published_token_needs_a_blocks_hash_and_nothing_else(evm, clock, log):
    clock.round()
    evm.chain.noise(12)
    finish(evm, clock)

    receipt = json.loads((log / "anchors/2.json").read_bytes())
    token = EvmToken.parse((log / "anchors/2.evm").read_bytes())
    head = queries.newest_checkpoint()
    size, root = 2, queries.find_checkpoint(2).root_hash
    seconds = verify_token(token, tree_size=size, root_hash=bytes(root))
    block = evm.chain.block(token.block_number)
    assert head.size == 4
    assert token.block_hash == block.hash
    assert (token.chain_id, token.by.hex()) == (evm.chain.id, BY[2:].lower())
    assert block.transactions[token.index].hash == token.transaction
    assert receipt["stamped_ms"] == seconds * 1000 == block.header.timestamp * 1000
    assert receipt["facts"] == {
        "chain": f"eip155:{evm.chain.id}",
        "block_number": token.block_number,
        "block_hash": token.block_hash.hex(),
    }


def test_nothing_is_handed_in_before_it_is_stored(evm, clock, monkeypatch):
    def refuse(**values: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(AnchorPromise.objects, "create", refuse)
        with pytest.raises(RuntimeError, match="power"):
            clock.round()
    assert (sent(evm), evm.chain.pool) == (0, {})

    clock.round()
    finish(evm, clock)
    assert AnchorToken.objects.count() == 1


def test_of_two_workers_one_signs_for_all(evm, clock, now):
    stand, head = queries.list_anchor_stands()[0], anchor_module._newest_head()
    answers = [anchor_module._ask(stand, head, now) for _ in range(2)]
    for answer in answers:
        anchor_rows.record(answer, at=now)
    stand = queries.list_anchor_stands()[0]
    looks = [anchor_module._ask(stand, head, now) for _ in range(2)]
    for look in looks:
        anchor_rows.record(look, at=now)

    assert len(evm.chain.pool) == 1
    assert [look.said.note for look in looks] == ["handed in", "waits for a block"]
    finish(evm, clock)
    assert evm.chain.tester.get_nonce(BY) == 1


def test_a_worker_that_died_after_handing_in_is_followed_by_one_that_looks(evm, clock):
    clock.round()
    before = AnchorPromise.objects.get()
    evm.chain.mine()
    clock.round()
    AnchorPromise.objects.update(state=before.state, version=before.version)

    finish(evm, clock)

    assert (sent(evm), evm.chain.tester.get_nonce(BY)) == (1, 1)


def test_a_transaction_that_vanished_is_handed_in_again(evm, clock, caplog):
    height = evm.chain.remember()
    clock.round()
    evm.chain.mine()
    assert clock.round().promised == {"chain": "1 of 3 confirmations"}
    first = state()

    evm.chain.reorganise(height, blocks=2, keep=False)
    assert clock.round().promised == {"chain": "handed in"}

    assert "is gone" in caplog.text
    assert sent(evm) == 2
    assert not AnchorToken.objects.exists()
    assert state().signed == first.signed  # the same transaction
    finish(evm, clock)
    assert evm.chain.tester.get_nonce(BY) == 1


def test_a_transaction_in_another_block_is_counted_anew(evm, clock, caplog):
    height = evm.chain.remember()
    clock.round()
    evm.chain.mine(2)
    assert clock.round().promised == {"chain": "2 of 3 confirmations"}
    first = state().seen_in

    evm.chain.reorganise(height, blocks=1, keep=True)
    assert clock.round().promised == {"chain": "1 of 3 confirmations"}

    assert "moved to another block" in caplog.text
    assert state().seen_in != first
    assert not AnchorToken.objects.exists()
    finish(evm, clock)
    token = EvmToken.parse(bytes(AnchorToken.objects.get().token))
    assert token.block_hash == evm.chain.block(token.block_number).hash


def test_a_block_that_goes_just_before_it_counts_is_not_counted(evm, clock):
    height = evm.chain.remember()
    clock.round()
    evm.chain.mine(2)
    clock.round()
    evm.chain.reorganise(height, blocks=6, keep=False)

    assert clock.round().stamped == ()
    assert not AnchorToken.objects.exists()


def test_a_shorter_chain_takes_confirmations_back(evm, clock):
    clock.round()
    evm.chain.mine()
    height = evm.chain.remember()
    evm.chain.mine()
    assert clock.round().promised == {"chain": "2 of 3 confirmations"}
    evm.chain.tester.revert_to_snapshot(evm.chain._snapshots[height])

    assert clock.round().promised == {"chain": "1 of 3 confirmations"}


def test_a_transaction_that_another_one_replaced_is_given_up_and_made_anew(evm, clock):
    clock.round()
    evm.chain.pool = {}
    evm.chain.add(evm.chain.sign(KEY, to=BY, data="0x"))
    evm.chain.mine()

    said = [clock.round(minutes=2) for _ in range(4)]

    assert [each.promised for each in said[:3]] == [
        {"chain": "not found, looked for again"}
    ] * 3
    assert said[3].failed["chain"].code == "transaction_replaced"
    assert not AnchorPromise.objects.exists()
    clock.round()
    assert state().nonce == 1
    finish(evm, clock)


def test_a_node_that_is_behind_is_not_taken_for_a_replacement(evm, clock):
    clock.round()
    evm.chain.mine()
    node = evm.nodes[0]
    node.lies["eth_getTransactionReceipt"] = lambda truth, *_: None
    assert clock.round().promised == {"chain": "not found, looked for again"}

    node.lies.clear()
    assert clock.round().promised == {"chain": "1 of 3 confirmations"}
    assert state().missed_at_ms is None
    finish(evm, clock)
    assert evm.chain.tester.get_nonce(BY) == 1


def test_a_call_that_failed_in_its_block_is_given_up_and_made_anew(evm, clock):
    clock.round()
    # What we signed, and hangs on a contract that is no longer there.
    raw = evm.chain.sign(KEY, to=evm.contract, data="0x1234")
    evm.chain.pool = {}
    digest = bytes.fromhex(evm.chain.add(raw)[2:])
    signed = replace(state().newest, hash=digest)
    AnchorPromise.objects.update(state=replace(state(), signed=(signed,)).encode())
    evm.chain.mine()

    result = clock.round()

    assert result.failed["chain"].code == "transaction_failed"
    assert not AnchorPromise.objects.exists()
    assert not AnchorToken.objects.exists()
    assert AnchorState.objects.get().failures == 1
    clock.round()
    finish(evm, clock)


def test_after_the_stamp_the_next_head_waits_its_hour(evm, clock):
    clock.round()
    finish(evm, clock)
    grow("lot B", clock.at)

    assert clock.round(minutes=60) == operations.Anchored(6)
    evm.chain.mine()
    assert clock.round().promised == {"chain": "handed in"}
    assert state().nonce == 1


def test_the_page_and_health_say_how_far_it_is(evm, clock, client):
    clock.round()
    evm.chain.mine()
    clock.round()

    line = queries.anchors_line(clock.at)
    said = "chain: no stamp yet, size 2 on its way: 1 of 3 confirmations"
    assert (line.is_well, line.detail) == (True, said)
    finish(evm, clock)
    number = EvmToken.parse(bytes(AnchorToken.objects.get().token)).block_number
    line = queries.anchors_line(clock.at)
    assert f"in block {number} of eip155:{evm.chain.id}" in line.detail
    page = client.get("/ledger").content.decode()
    assert f"in block {number} of eip155:{evm.chain.id}" in page
    assert client.get("/log/anchors/2.evm")["Content-Type"] == "application/json"


def test_late_is_an_alarm(evm, clock):
    clock.round(minutes=121)

    line = queries.anchors_line(clock.at)
    assert not line.is_well
    assert line.detail.endswith("handed in, late")
