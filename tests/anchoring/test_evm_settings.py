"""The table of a chain, and what happens where its packages are not installed."""

import sys
from datetime import timedelta

import pytest

from apps.anchoring import operations, queries
from apps.anchoring.clients import anchors
from apps.anchoring.clients.anchor_file import list_anchors
from apps.anchoring.clients.anchors import find_judge, open_anchor
from apps.anchoring.clients.evm.options import read_options
from apps.anchoring.models import AnchorToken
from apps.core.errors import ProofError, Unavailable
from apps.ledger.models import Leaf
from pharmatrace.fsck.anchors import check_anchors
from pharmatrace.fsck.outside import look_outside
from tests.anchoring.evm import clock, evm, refusal
from tests.anchoring.tsa import grow

__all__ = ["clock", "evm"]

rows = pytest.mark.django_db(transaction=True)

ADDRESS = "0x" + "aB" * 20
LINES = {
    "kind": "evm",
    "rpc": "https://node.example/secret https://other.example",
    "chain_id": "1",
    "contract": ADDRESS,
    "key": "chain.key",
}


@pytest.fixture
def file(settings, tmp_path):
    settings.ANCHOR_TSAS = str(tmp_path / "services.toml")

    def write(**changed):
        lines = {k: v for k, v in (LINES | changed).items() if v is not None}
        text = "".join(f'{name} = "{value}"\n' for name, value in lines.items())
        (tmp_path / "services.toml").write_text(f"[chain]\n{text}")
        return list_anchors()[0]

    return write


def test_what_is_usual(file, tmp_path):
    options = read_options(file(), needs_contract=True)

    assert options.rpc == ("https://node.example/secret", "https://other.example")
    assert (options.chain_id, options.contract) == (1, b"\xab" * 20)
    assert options.key == tmp_path / "chain.key"
    assert (options.confirmations, options.max_fee) == (64, 50 * 10**9)
    assert file().periods == (timedelta(days=1), timedelta(hours=30))


def test_what_is_set(file):
    lines = {"confirmations": "12", "max_fee_gwei": "0.001", "every": "1 hour"}
    options = file(**lines)
    read = read_options(options, needs_contract=True)

    assert (read.confirmations, read.max_fee) == (12, 10**6)
    assert options.periods == (timedelta(hours=1), timedelta(hours=30))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rpc": None}, "got rpc"),
        ({"rpc": ""}, "http or https"),
        ({"rpc": "ftp://node.example"}, "http or https"),
        ({"rpc": "https://node.example https://node.example"}, "each once"),
        ({"chain_id": None}, "got chain_id"),
        ({"chain_id": "0"}, "a number"),
        ({"chain_id": "0x1"}, "a number"),
        ({"chain_id": "1" * 17}, "a number"),
        ({"contract": None}, "got contract"),
        ({"contract": "ab" * 20}, "40 digits"),
        ({"contract": ADDRESS + "00"}, "40 digits"),
        ({"key": None}, "got key"),
        ({"confirmations": "-1"}, "a number"),
        ({"confirmations": "0"}, "a number"),
        ({"max_fee_gwei": "0"}, "such as 1.5"),
        ({"max_fee_gwei": "1e3"}, "such as 1.5"),
        ({"max_fee_gwei": "0.0000000001"}, "such as 1.5"),
        ({"password": "x"}, "got password"),
    ],
)
def test_lines_that_do_not_fit(file, changed, said):
    with pytest.raises(Unavailable, match=said) as caught:
        open_anchor(file(**changed))

    assert caught.value.code == "anchors_unusable"
    assert "secret" not in str(caught.value)


@pytest.fixture
def without(monkeypatch):
    """As if requirements-anchors.txt was never installed."""

    def hide(*names):
        ours = [n for n in sys.modules if n.startswith("apps.anchoring.clients.evm.")]
        for name in ours:
            if not name.endswith((".service", ".options", ".state")):
                monkeypatch.delitem(sys.modules, name)
        for name in names:
            monkeypatch.setitem(sys.modules, name, None)

    return hide


@rows
@pytest.mark.parametrize("package", ["web3", "eth_account", "rlp"])
def test_a_chain_whose_packages_are_missing_says_which_and_what_to_do(
    evm, clock, without, package, log
):
    without(package)

    fault = refusal(clock)

    assert fault.code == "anchor_extra_missing"
    assert package in fault.got
    assert fault.wanted == "pip install -r requirements-anchors.txt"
    grow("lot B", clock.at)
    assert queries.newest_checkpoint().size == 4  # the log goes on


@rows
def test_pages_and_health_need_none_of_them(evm, clock, without, client):
    clock.round()
    without("web3", "eth_account", "rlp", "trie")

    assert client.get("/ledger").status_code == 200
    assert queries.anchors_line(clock.at).is_well


@rows
def test_stored_tokens_are_judged_without_them(evm, clock, without, now):
    clock.round()
    evm.chain.mine(3)
    assert clock.round().stamped == ("chain",)
    operations.sequence(at=clock.at)
    row, text = AnchorToken.objects.get(), queries.find_head_text(2)
    without("web3", "eth_account", "rlp", "trie", "eth_hash", "eth_utils")

    stamp = queries.verify_token(row, text)

    assert (stamp.stamped_at, stamp.facts) == (row.stamped_at, row.facts)
    assert Leaf.objects.filter(type=4).count() == 1
    assert list(check_anchors(4, files=look_outside().anchors)) == []
    with pytest.raises(ProofError, match="event differs"):
        find_judge(name="gone", kind="evm").verify(
            bytes(row.token), queries.find_head_text(4).encode(), facts={}
        )


def test_a_judge_does_not_send(now):
    judge = find_judge(name="gone", kind="evm")

    with pytest.raises(RuntimeError, match="judge"):
        judge.stamp(b"localhost/x\n1\n" + b"A" * 43 + b"=\n", at=now)


def test_importing_them_leaves_the_limit_of_recursion(without):
    limit = sys.getrecursionlimit()

    anchors.import_extra("apps.anchoring.clients.evm.sender.open_sender")

    assert sys.getrecursionlimit() == limit
