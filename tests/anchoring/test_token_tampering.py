"""fsck over tokens of patient services: changed where stored, and where published."""

import json

import pytest

from apps.anchoring import operations
from apps.anchoring.models import AnchorToken
from apps.core.leaf import anchor_commitment
from pharmatrace.fsck.anchors import check_anchors
from pharmatrace.fsck.outside import look_outside
from tests.anchoring.evm import clock, evm, ripe
from tests.anchoring.ots import one, ots, promised, said
from tests.fsck.forging import flip, rewrite

__all__ = ["clock", "evm", "one", "ots", "promised", "ripe", "said"]

pytestmark = pytest.mark.django_db(transaction=True)

PUBLISHED = 4  # leaves: what was said and the receipt, each with its map root
WHERE = {"evm": "anchor of 2 by chain", "ots": "anchor of 2 by bitcoin"}


@pytest.fixture
def evm_token(ripe):
    """A true token of a chain, and its receipt in the log."""
    assert ripe.round().stamped == ("chain",)
    operations.sequence(at=ripe.at)
    return AnchorToken.objects.get()


@pytest.fixture
def ots_token(promised):
    """A true proof of a calendar, and its receipt in the log."""
    assert operations.anchor_now(at=promised).stamped == ("bitcoin",)
    operations.sequence(at=promised)
    return AnchorToken.objects.get()


@pytest.fixture(params=["evm", "ots"])
def row(request):
    return request.getfixturevalue(f"{request.param}_token")


def found():
    return [
        (finding.code, finding.where)
        for finding in check_anchors(PUBLISHED, files=look_outside().anchors)
    ]


def test_a_true_token_is_clean(row):
    assert found() == []


def test_any_changed_byte_of_a_stored_token_is_named(row):
    token, where = bytes(row.token), WHERE[row.kind]
    places = {*range(0, len(token), len(token) // 40), len(token) - 1}

    for at in sorted(places):
        rewrite(row, token=flip(token, at))
        assert ("anchor_commitment_differs", where) in found(), at

    assert len(places) > 40


def swap(row, token):
    """The token of somebody who makes the row's commitment fit it, too."""
    root = bytes(row.root_hash)
    fits = anchor_commitment(tree_size=row.tree_size, root=root, token=token)
    rewrite(row, token=token, commitment=fits)


def test_a_stored_evm_token_of_another_block_is_refused_by_itself(evm_token):
    said = json.loads(bytes(evm_token.token))
    said["block_hash"] = flip(bytes.fromhex(said["block_hash"])).hex()

    swap(evm_token, json.dumps(said, separators=(",", ":"), sort_keys=True).encode())

    assert found()[:2] == [
        ("block_differs", f"{WHERE['evm']}, block_hash"),
        ("leaves_missing", WHERE["evm"]),
    ]


def test_a_stored_ots_proof_that_leads_elsewhere_is_refused_by_itself(ots_token):
    token = bytes(ots_token.token)

    swap(ots_token, flip(token, len(token) // 2))

    assert found()[:2] == [
        ("block_differs", f"{WHERE['ots']}, root"),
        ("leaves_missing", WHERE["ots"]),
    ]


def test_changed_and_lost_published_tokens_are_named(row, log):
    name = f"2.{row.kind}"
    file = log / "anchors" / name
    whole = file.read_bytes()

    file.write_bytes(flip(whole))
    assert found() == [("anchor_differs", f"anchors/{name}")]
    file.unlink()
    assert found() == [("anchor_missing", f"anchors/{name}")]
    file.write_bytes(whole)
    (log / "anchors" / f"1.{row.kind}").write_bytes(whole)
    assert found() == [("anchor_file_unknown", f"anchors/1.{row.kind}")]
