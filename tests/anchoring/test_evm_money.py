"""What anchors on a chain cost, who pays, and what is not paid."""

import os
from dataclasses import replace

import pytest

from apps.anchoring.clients.evm import wallet
from apps.anchoring.clients.evm.state import State
from apps.anchoring.models import AnchorPromise, AnchorToken
from apps.core.errors import Unavailable
from tests.anchoring.evm import BY, KEY, clock, evm, refusal
from tests.anchoring.evm_chain import ETHER, GWEI

__all__ = ["clock", "evm"]

rows = pytest.mark.django_db(transaction=True)


def state() -> State:
    return State.parse(bytes(AnchorPromise.objects.get().state))


def finish(evm, clock):
    for _ in range(8):
        evm.chain.mine()
        if clock.round().stamped:
            return
    raise AssertionError(AnchorPromise.objects.get().note)


@rows
def test_an_anchor_costs_less_than_26_000_gas(evm, clock):
    before = evm.chain.tester.get_balance(BY)
    clock.round()
    evm.chain.mine()
    receipt = evm.chain.receipts(evm.chain.height)[0]
    finish(evm, clock)

    assert 22_000 < receipt.gas_used < 26_000
    paid = before - evm.chain.tester.get_balance(BY)
    assert paid < 26_000 * state_fee(evm)


def state_fee(evm):
    """What a unit of gas cost at most in the blocks so far."""
    return 2 * evm.chain.block(0).header.base_fee_per_gas + GWEI


@rows
def test_without_money_nothing_is_signed(evm, clock):
    evm.nodes[0].lies["eth_getBalance"] = lambda *_: hex(10_000)

    fault = refusal(clock)

    assert (fault.code, fault.field, fault.got) == ("funds_short", BY, "10000 wei")
    assert fault.wanted.endswith(" wei")
    assert not AnchorPromise.objects.exists()


@rows
def test_money_that_is_gone_when_it_is_handed_in(evm, clock):
    fee, gas = 3 * GWEI, 21_000
    spend = evm.chain.sign(
        KEY,
        to=evm.chain.rich,
        value=ETHER - gas * fee,
        gas=gas,
        maxFeePerGas=fee,
        data="0x",
    )
    evm.chain.add(spend)
    evm.chain.mine()
    evm.nodes[0].lies["eth_getBalance"] = lambda truth, *_: hex(ETHER)
    evm.nodes[0].lies["eth_estimateGas"] = lambda *_: hex(40_000)

    fault = refusal(clock)

    assert fault.code == "node_declines"
    assert "insufficient funds" in str(fault)
    assert AnchorPromise.objects.get().note == "signed"
    evm.chain.fund(BY)
    clock.round()
    finish(evm, clock)


@rows
def test_nothing_is_paid_above_the_limit(evm, clock):
    evm.write(max_fee_gwei="1")

    fault = refusal(clock)

    assert (fault.code, fault.wanted) == ("fee_above_limit", f"at most {GWEI} wei")
    assert not AnchorPromise.objects.exists()


@rows
def test_a_greedy_tip_of_a_lying_node_is_not_paid(evm, clock):
    evm.chain.tip = 1_000 * GWEI

    assert refusal(clock).code == "fee_above_limit"


@rows
def test_a_fee_never_exceeds_the_limit_even_where_twice_would(evm, clock):
    evm.write(max_fee_gwei="2.0")
    base = evm.chain.backend.get_base_fee()
    assert base + GWEI < 2 * GWEI < 2 * base + GWEI

    clock.round()

    assert state().newest.max_fee == 2 * GWEI


@rows
def test_gas_that_no_call_of_the_contract_needs(evm, clock):
    evm.nodes[0].lies["eth_estimateGas"] = lambda *_: hex(900_000)

    fault = refusal(clock)
    assert (fault.code, fault.got) == ("gas_above_limit", "1125000")


@rows
def test_what_no_block_takes_is_signed_again_for_more(evm, clock):
    clock.round()
    first = state()
    evm.chain.mine(empty=True)
    assert clock.round(minutes=10).promised == {"chain": "waits for a block"}
    assert state() == first

    evm.chain.mine(empty=True)
    assert clock.round().promised == {"chain": "handed in"}

    second = state()
    assert second.signed[0] == first.newest
    assert (len(second.signed), second.nonce) == (2, first.nonce)
    assert second.newest.max_fee * 8 >= first.newest.max_fee * 9
    assert second.newest.tip * 8 >= first.newest.tip * 9
    (raw, _) = evm.chain.pool[BY, 0]
    assert bytes(raw) == second.newest.raw
    finish(evm, clock)
    assert evm.chain.tester.get_nonce(BY) == 1


@rows
def test_the_first_may_be_taken_after_the_second_was_signed(evm, clock):
    clock.round(minutes=12)
    (first, made) = evm.chain.pool[BY, 0]
    evm.chain.mine(empty=True)
    clock.round()
    assert len(state().signed) == 2
    evm.chain.pool[BY, 0] = (first, made)

    finish(evm, clock)

    assert AnchorToken.objects.count() == 1


@rows
def test_above_the_limit_it_waits_with_what_it_has(evm, clock):
    evm.write(max_fee_gwei="2.6")
    clock.round(minutes=12)
    before = state()
    evm.chain.mine(empty=True)

    assert refusal(clock).code == "fee_above_limit"
    assert state() == before
    finish(evm, clock)


@rows
def test_a_hundred_are_enough(evm, clock):
    clock.round(minutes=12)
    many = replace(state(), signed=state().signed * 100)
    AnchorPromise.objects.update(state=many.encode())
    evm.chain.mine(empty=True)

    assert clock.round().promised == {"chain": "waits for a block"}
    assert len(state().signed) == 100


@rows
def test_a_head_is_never_paid_for_twice(evm, clock):
    clock.round()
    finish(evm, clock)
    for _ in range(3):
        evm.chain.mine()
        clock.round(minutes=90)

    assert evm.chain.tester.get_nonce(BY) == 1


# --- the key ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "mode", "code"),
    [
        (None, 0o600, "secret_missing"),
        (KEY, 0o640, "secret_exposed"),
        (KEY, 0o604, "secret_exposed"),
        (KEY, 0o700, "secret_exposed"),
        ("", 0o600, "secret_unusable"),
        (KEY[:-1], 0o600, "secret_unusable"),
        (KEY + "\n\n", 0o600, "secret_unusable"),
        (KEY + " ", 0o600, "secret_unusable"),
        ("é" * 64, 0o600, "secret_unusable"),
        ("00" * 32, 0o600, "secret_unusable"),
        ("ff" * 32, 0o600, "secret_unusable"),
    ],
)
def test_keys_that_are_not_used(tmp_path, text, mode, code):
    path = tmp_path / "chain.key"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)

    with pytest.raises(Unavailable) as caught:
        wallet.load_key(path)

    assert (caught.value.code, caught.value.field) == (code, "chain.key")
    assert KEY[2:34] not in str(caught.value)


@rows
def test_without_its_key_no_node_is_asked(evm, clock):
    evm.key.chmod(0o644)

    assert refusal(clock).code == "secret_exposed"
    assert evm.nodes[0].asked == []


@pytest.mark.parametrize("text", [KEY, KEY[2:], KEY.upper().replace("X", "x") + "\n"])
def test_keys_that_are_used(tmp_path, text):
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(text)

    assert wallet.load_key(path).address == BY
    path.chmod(0o400)
    assert wallet.load_key(path).address == BY


def test_a_folder_is_no_key(tmp_path):
    with pytest.raises(Unavailable, match="secret unusable"):
        wallet.load_key(tmp_path)


def test_a_key_is_made_for_its_owner_alone_and_never_over_another(tmp_path):
    path = tmp_path / "key"
    old = os.umask(0)
    try:
        made = wallet.create_key(path)
    finally:
        os.umask(old)

    assert path.stat().st_mode & 0o777 == 0o600
    assert wallet.load_key(path).address == made.address
    with pytest.raises(FileExistsError):
        wallet.create_key(path)
    assert wallet.load_key(path).address == made.address


@rows
def test_the_key_is_in_no_row(evm, clock):
    clock.round()

    assert bytes.fromhex(KEY[2:]) not in bytes(AnchorPromise.objects.get().state)
    assert KEY[2:] not in bytes(AnchorPromise.objects.get().state).decode()


@rows
def test_another_key_does_not_lose_what_the_old_one_has_signed(evm, clock):
    clock.round()
    evm.chain.mine()
    evm.key.write_text("0x" + "5f" * 32)

    finish(evm, clock)

    assert AnchorToken.objects.get().facts["block_number"] > 0


@rows
def test_another_contract_begins_anew(evm, clock):
    clock.round()
    evm.chain.mine(3)
    evm.write(contract="0x" + "ab" * 20)

    assert refusal(clock).code == "event_differs"
    assert not AnchorPromise.objects.exists()


@rows
def test_a_state_that_cannot_be_read_begins_anew(evm, clock):
    clock.round()
    AnchorPromise.objects.update(state=b'{"nonce":0}')

    assert refusal(clock).code == "missing_field"
    assert not AnchorPromise.objects.exists()
