"""`manage.py evm`: the key, the contract and a look, before anything is anchored."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.anchoring.clients.evm import wallet
from apps.anchoring.clients.evm.contract import RUNTIME
from tests.anchoring.evm import BY, Clock, evm
from tests.anchoring.tsa import grow

__all__ = ["evm"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def awake(evm):
    evm.chain.at = timezone.now()
    evm.chain.mine()


def said(capsys, *arguments):
    call_command("evm", "chain", *arguments)
    return capsys.readouterr().out


def test_from_nothing_to_the_first_anchor(evm, capsys, now):
    evm.key.unlink()
    evm.write(contract=None)

    told = said(capsys, "--make-key")
    address = wallet.load_key(evm.key).address
    assert address in told
    evm.chain.fund(address)
    contract = said(capsys, "--deploy").split('contract = "')[1].split('"')[0]
    evm.chain.mine()

    assert evm.chain.tester.get_code(contract) == "0x" + RUNTIME.hex()
    evm.write(contract=contract)
    assert f"the contract at {contract.lower()} is ours" in said(capsys)
    grow("lot A", now)
    clock = Clock(evm, now)
    clock.round()
    evm.chain.mine(3)
    assert clock.round().stamped == ("chain",)


def test_a_look_says_how_everything_does(evm, capsys):
    evm.nodes[1].lies = {
        "eth_chainId": lambda truth: "0x5",
        "eth_getCode": lambda *_: "0x00",
    }

    lines = said(capsys).splitlines()

    assert lines[0] == f"account {BY}: 1 ether"
    assert lines[1].endswith("limit 50000000000 wei")
    height, name = evm.chain.height, evm.contract.lower()
    assert lines[2:] == [
        f"node 1: chain {evm.chain.id} (as wanted), block {height}",
        f"node 1: the contract at {name} is ours",
        f"node 2: chain 5 (NOT as wanted), block {height}",
        f"node 2: the contract at {name} is NOT ours",
    ]


def test_no_key_is_overwritten(evm):
    before = evm.key.read_text()

    with pytest.raises(CommandError, match="exists"):
        call_command("evm", "chain", "--make-key")
    assert evm.key.read_text() == before


def test_a_contract_is_not_made_twice(evm):
    with pytest.raises(CommandError, match="names a contract"):
        call_command("evm", "chain", "--deploy")
    assert evm.chain.pool == {}


@pytest.mark.parametrize(
    ("method", "answer", "said"),
    [
        ("eth_chainId", "0x1", "chain differs"),
        ("eth_getBalance", "0x1", "funds short"),
        ("eth_sendRawTransaction", "0x" + "ab" * 32, "transaction differs"),
    ],
)
def test_a_contract_that_cannot_be_made(evm, method, answer, said):
    evm.write(contract=None)
    evm.nodes[0].lies[method] = lambda *_: answer

    with pytest.raises(CommandError, match=said):
        call_command("evm", "chain", "--deploy")
    assert evm.chain.pool == {}


def test_tables_that_are_none(evm, settings):
    with pytest.raises(CommandError, match=r"no table \[other\] of kind evm"):
        call_command("evm", "other")
    evm.write(kind="tsr")
    with pytest.raises(CommandError, match=r"no table \[chain\] of kind evm"):
        call_command("evm", "chain")
    evm.write(rpc=None)
    with pytest.raises(CommandError, match="got rpc"):
        call_command("evm", "chain")
    settings.ANCHOR_TSAS = ""
    with pytest.raises(CommandError, match="names no table"):
        call_command("evm", "chain")
