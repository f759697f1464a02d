"""Stamps of others over the published head, and their receipts in the log."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import IntegrityError

from apps.anchoring import operations, queries
from apps.anchoring.models import AnchorPending, AnchorToken
from apps.anchoring.operations import anchor as anchor_module
from apps.anchoring.operations import anchor_rows
from apps.core.checkpoint import Checkpoint as Head
from apps.core.leaf import ANCHOR_TAG, Leaf, LeafType, anchor_commitment
from apps.ledger.models import Leaf as LeafRow
from tests.anchoring.outsider import read_entries, verify_public
from tests.anchoring.tsa import grow, kinds, openssl

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def test_openssl_accepts_what_an_outsider_makes_of_the_published_files(
    services, authority, log, tmp_path, now
):
    services.add("one")
    grow("lot A", now)

    result = operations.anchor_now(at=now)
    operations.sequence(at=now)

    assert (result.size, result.stamped, result.failed) == (2, ("one",), {})
    assert kinds(log) == [1, 3, 4, 3]
    receipt = json.loads((log / "anchors/2.json").read_bytes())
    head = Head.parse(receipt["checkpoint"])
    token = (log / "anchors/2.tsr").read_bytes()
    leaf = Leaf.decode(read_entries(log, 4)[2])
    data = tmp_path / "data"
    data.write_text(Head(head.origin, head.tree_size, head.root_hash).format())
    said = openssl(
        *("ts", "-verify", "-in", log / "anchors/2.tsr"),
        *("-data", data, "-CAfile", authority.ca),
    )
    assert "Verification: OK" in said
    assert receipt["token"] == sha256(token).hexdigest()
    assert receipt["leaf"] == leaf.encode().hex()
    assert (leaf.kind, leaf.subject_tag) == (LeafType.ANCHOR, ANCHOR_TAG)
    assert leaf.commitment == anchor_commitment(
        tree_size=head.tree_size, root=head.root_hash, token=token
    )
    assert verify_public(log) == 4


def test_stored_is_what_came(services, now):
    services.add("one")
    grow("lot A", now)

    operations.anchor_now(at=now)

    row = AnchorToken.objects.get()
    assert (row.name, row.kind, row.tree_size) == ("one", "tsr", 2)
    assert abs(row.stamped_at - now) < MINUTE
    assert row.received_at == now
    assert AnchorPending.objects.get().token == row
    assert len(services.all["one"].asked) == 1


def test_receipts_alone_are_not_stamped_again(services, log, now):
    services.add("one")
    services.add("two")
    grow("lot A", now)
    for _ in range(4):
        operations.anchor_now(at=now)
        operations.sequence(at=now)

    assert kinds(log) == [1, 3, 4, 4, 3]
    assert operations.anchor_due(at=now + 9 * HOUR).size == 5
    assert AnchorToken.objects.count() == 2

    grow("lot B", now)
    operations.anchor_now(at=now)
    operations.sequence(at=now)
    assert kinds(log) == [1, 3, 4, 4, 3, 1, 3, 4, 4, 3]
    assert verify_public(log) == 10


def test_statements_and_receipts_share_a_run(services, log, now):
    services.add("one")
    grow("lot A", now)
    operations.anchor_now(at=now)

    grow("lot B", now)

    assert kinds(log) == [1, 3, 1, 4, 3]
    assert operations.anchor_now(at=now).size == 5  # lot B is new
    operations.sequence(at=now)
    chain = LeafRow.objects.filter(type=4).order_by("index")
    assert [row.chain_seq for row in chain] == [0, 1]
    assert [row.statement_id for row in chain] == [None, None]
    assert verify_public(log) == 7


def test_a_token_and_its_place_in_the_queue_are_kept_together(
    services, now, monkeypatch
):
    services.add("one")
    grow("lot A", now)

    def refuse(**values: object) -> None:
        raise RuntimeError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr(AnchorPending.objects, "create", refuse)
        with pytest.raises(RuntimeError, match="power"):
            operations.anchor_now(at=now)
    assert not AnchorToken.objects.exists()

    assert operations.anchor_now(at=now).stamped == ("one",)


def test_of_two_workers_one_keeps_its_token(services, now):
    services.add("one")
    grow("lot A", now)
    head = anchor_module._newest_head()
    stand = queries.list_anchor_stands()[0]
    answers = [anchor_module._ask(stand, head, now) for _ in range(2)]

    for answer in answers:
        anchor_rows.record(answer, at=now)

    assert bytes(AnchorToken.objects.get().token) == answers[0].said.token
    assert AnchorPending.objects.count() == 1


def test_a_run_that_stopped_before_publication_writes_the_files(services, log, now):
    services.add("one")
    grow("lot A", now)
    operations.anchor_now(at=now)
    operations.integrate_pending(at=now, limit_leaves=100)
    assert not (log / "anchors").exists()

    operations.sequence(at=now)

    assert sorted(path.name for path in (log / "anchors").iterdir()) == [
        "2.json",
        "2.tsr",
    ]
    assert verify_public(log) == 4


def test_lost_files_are_written_again(services, log, now):
    services.add("one")
    grow("lot A", now)
    operations.anchor_now(at=now)
    operations.sequence(at=now)
    before = (log / "anchors/2.tsr").read_bytes()
    (log / "anchors/2.tsr").unlink()

    operations.restore_files(at=now)

    assert (log / "anchors/2.tsr").read_bytes() == before


def test_tokens_are_evidence(services, now):
    services.add("one")
    grow("lot A", now)
    operations.anchor_now(at=now)
    row = AnchorToken.objects.get()

    with pytest.raises(IntegrityError, match="append only"):
        row.save()
    assert AnchorToken.objects.get().name == "one"


def test_a_head_that_was_not_signed_here_is_not_stamped(services, log, now):
    tsa = services.add("one")
    grow("lot A", now)
    note = (log / "checkpoint").read_bytes()
    grow("lot B", now)
    (log / "checkpoint").write_bytes(note.replace(b"\n2\n", b"\n4\n", 1))

    with pytest.raises(Exception, match="database differs"):
        operations.anchor_now(at=now)
    assert tsa.asked == []


def test_anybody_fetches_receipts_and_tokens(client, services, log, now):
    services.add("one")
    grow("lot A", now)
    operations.anchor_now(at=now)
    operations.sequence(at=now)

    receipt, token = client.get("/log/anchors/2.json"), client.get("/log/anchors/2.tsr")

    assert receipt.content == (log / "anchors/2.json").read_bytes()
    assert token.content == (log / "anchors/2.tsr").read_bytes()
    assert receipt["Content-Type"] == "application/json"
    assert token["Content-Type"] == "application/timestamp-reply"
    for answer in (receipt, token):
        assert answer["Access-Control-Allow-Origin"] == "*"
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    for name in ("02.tsr", "2", "2.TSR", "2.tsr.bak", ".new-2", "..", "3.tsr"):
        assert client.get(f"/log/anchors/{name}").status_code == 404
