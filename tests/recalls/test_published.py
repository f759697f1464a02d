"""What the world reads of a recall below /log/recalls/, and what it can check with it."""

import json
from itertools import count

import pytest

from apps.anchoring import operations
from apps.core.canonical import canonical_bytes
from apps.core.envelope import envelope_digest, parse_envelope, statement_id
from apps.core.errors import IntegrityBreach
from apps.core.leaf import Leaf, LeafType, commitment
from apps.core.statement import parse_statement
from apps.core.strict import parse_base64
from apps.core.tiles import parse_bundle
from apps.ledger import queries as ledger
from apps.ledger.operations import erase_vault
from pharmatrace.demo.cast import NOVAMED
from pharmatrace.fsck.files import check_recalls
from pharmatrace.fsck.outside import look_outside
from tests.recalls.calls import answer, close, open_recall, spread

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(settings, tmp_path):
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    return tmp_path / "log"


@pytest.fixture
def recalled(log, stage):
    """A recall of lot A1, opened, answered, changed and closed, and all of it logged."""
    spread(stage)
    recall = open_recall(stage)
    said = answer(stage, recall, quarantined=6, supplied=4)
    amended = stage.act(
        NOVAMED,
        {
            "kind": "recall.amend",
            "recall": recall.pk,
            "scope": {"lots": ["A1", "A2"]},
            "reason": "A second lot.",
        },
    )
    closed = close(stage, recall)
    operations.sequence(at=stage.tick())
    return [recall.pk, amended.statement_id, closed.statement_id], said.statement_id


def read_entry(client, index):
    """A logged entry, from the published bundles alone."""
    place, offset = divmod(index, 256)
    bundle = next(
        answer.content
        for width in range(256, offset, -1)
        for name in (f"{place:03d}" if width == 256 else f"{place:03d}.p/{width}",)
        if (answer := client.get(f"/log/tile/entries/{name}")).status_code == 200
    )
    return parse_bundle(bundle)[offset]


def test_a_stranger_finds_the_leaves_and_recomputes_what_they_commit_to(
    client, recalled
):
    for name, kind in zip(
        recalled[0], ("recall.open", "recall.amend", "recall.close"), strict=True
    ):
        document = client.get(f"/log/recalls/{name}").json()
        envelope = parse_envelope(json.dumps(document["envelope"]).encode())
        statement = parse_statement(envelope.payload)

        assert document["format"] == "pharmatrace-recall/v1"
        assert (statement_id(envelope), statement.kind) == (name, kind)
        assert len(document["leaves"]) == len(statement.subjects)
        for place, said, subject in zip(
            count(), document["leaves"], statement.subjects, strict=False
        ):
            entry = read_entry(client, said["index"])
            leaf = Leaf.decode(entry)
            assert (entry.hex(), said["position"]) == (said["leaf"], place)
            assert (leaf.kind, leaf.subject_tag) == (LeafType.RECALL, subject.tag)
            assert leaf.commitment == commitment(
                salt=parse_base64(said["salt"], field="salt"),
                accepted_ms=document["accepted_ms"],
                envelope_digest=envelope_digest(envelope),
            )


def test_the_file_is_for_everybody_and_never_changes(client, stage, recalled):
    address = f"/log/recalls/{recalled[0][0]}"
    before = client.get(address)
    open_recall(stage, "A9")
    operations.sequence(at=stage.tick())

    after = client.get(address)

    assert after.content == before.content == canonical_bytes(after.json())
    assert after["Content-Type"] == "application/json"
    assert after["Cache-Control"] == "public, max-age=31536000, immutable"
    assert after["Access-Control-Allow-Origin"] == "*"


def test_an_answer_tells_what_a_holder_has_and_is_not_published(client, log, recalled):
    published, answered = recalled

    assert ledger.find_accepted(answered) is not None
    assert client.get(f"/log/recalls/{answered}").status_code == 404
    assert {path.name for path in (log / "recalls").iterdir()} == set(published)


def test_a_recall_is_published_with_the_head_that_covers_it(client, log, stage):
    spread(stage)
    recall = open_recall(stage)

    assert client.get(f"/log/recalls/{recall.pk}").status_code == 404

    operations.sequence(at=stage.tick())

    assert client.get(f"/log/recalls/{recall.pk}").status_code == 200


@pytest.mark.parametrize(
    "name", ["0" * 64, "F" * 64, "..", "%2e%2e%2fcheckpoint", "x", "0" * 63, "%00"]
)
def test_no_other_name_answers(client, recalled, name):
    answered = client.get(f"/log/recalls/{name}")

    assert answered.status_code in {400, 404}
    assert "immutable" not in answered.get("Cache-Control", "")


def test_a_run_that_stopped_after_the_files_writes_the_same(log, stage, monkeypatch):
    spread(stage)
    recall = open_recall(stage)
    with monkeypatch.context() as patch:
        patch.setattr(operations, "sign_head", _lose_power)
        with pytest.raises(OSError, match="power"):
            operations.sequence(at=stage.tick())
    written = (log / "recalls" / recall.pk).read_bytes()
    assert list(check_recalls(0, files=look_outside().recalls)) == []

    operations.sequence(at=stage.tick())

    assert (log / "recalls" / recall.pk).read_bytes() == written


def _lose_power(*_stores, **_head):
    raise OSError("power")


def test_lost_files_are_named_and_written_again(log, stage, recalled):
    folder, size = log / "recalls", ledger.count_leaves()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    lost, changed, kept = recalled[0]
    (folder / lost).unlink()
    (folder / changed).write_bytes(before[changed][:-1])
    (folder / ("0" * 64)).write_bytes(b"{}")

    assert [
        (each.code, each.where)
        for each in check_recalls(size, files=look_outside().recalls)
    ] == [
        ("recall_missing", f"recalls/{lost}"),
        ("recall_differs", f"recalls/{changed}"),
        ("recall_unknown", f"recalls/{'0' * 64}"),
    ]

    with pytest.raises(IntegrityBreach, match="recall differs"):
        operations.restore_files(at=stage.tick())
    (folder / changed).unlink()
    (folder / ("0" * 64)).unlink()
    operations.restore_files(at=stage.tick())

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert list(check_recalls(size, files=look_outside().recalls)) == []
    assert (folder / kept).read_bytes() == before[kept]


def test_what_was_erased_here_stays_where_it_was_published(client, recalled):
    name = recalled[0][0]

    erase_vault(statement_id=name, erased_by="e" * 64)

    assert client.get(f"/log/recalls/{name}").status_code == 200
    assert (
        list(check_recalls(ledger.count_leaves(), files=look_outside().recalls)) == []
    )
