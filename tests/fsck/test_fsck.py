"""Whatever is changed behind the site's back is found and named."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from apps.anchoring import operations, queries
from apps.anchoring.models import Checkpoint, SignedNote, TreeState
from apps.catalog.models import Product
from apps.core.errors import IntegrityBreach
from apps.ledger.models import Leaf, Pending, Statement, Vault
from pharmatrace import fsck
from pharmatrace.fsck import check_heads, check_statements
from pharmatrace.fsck.outside import look_outside
from tests.cast import NOVAMED, START
from tests.fsck.forging import findings, flip, past_triggers, rewrite

pytestmark = pytest.mark.django_db


def test_a_true_ledger_is_clean(story, capsys):
    assert findings(story) == []
    assert Leaf.objects.count() > 20

    call_command("fsck")

    assert "Everything stored agrees" in capsys.readouterr().out


def test_an_empty_ledger_is_clean(log):
    assert fsck.run(at=START).is_clean


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("tag", "leaf_hash_differs"),
        ("prev_leaf_hash", "leaf_hash_differs"),
        ("commitment", "leaf_hash_differs"),
        ("leaf_hash", "leaf_hash_differs"),
    ],
)
@pytest.mark.parametrize("index", [0, 7, 12])
def test_a_flipped_bit_in_a_leaf_is_found_at_its_index(story, index, column, code):
    leaf = Leaf.objects.get(index=index)
    rewrite(leaf, **{column: flip(getattr(leaf, column))})

    found = findings(story)

    assert (code, f"leaf {index}") in found


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"time_ms": 1}, "leaf_hash_differs"),
        ({"chain_seq": 40}, "leaf_hash_differs"),
        ({"chain_seq": 40}, "chain_broken"),
        ({"type": 1}, "leaf_type_differs"),
        ({"type": 9}, "bad_leaf"),
    ],
)
def test_a_changed_leaf_is_found_at_its_index(story, change, code):
    rewrite(Leaf.objects.get(index=9), **change)

    found = findings(story)

    places = {where.split(",")[0] for each, where in found if each == code}
    assert "leaf 9" in places


def test_a_missing_leaf_is_found(story):
    leaf = Leaf.objects.get(index=5)
    past_triggers(lambda: Leaf.objects.filter(index=5).delete(), "ledger_leaf")

    found = findings(story)

    assert ("leaves_missing", f"statement {leaf.statement_id}") in found
    assert ("leaves_not_dense", "leaf 6") in found


@pytest.mark.parametrize(
    ("column", "codes"),
    [
        ("payload", {"statement_id_differs", "envelope_digest_differs"}),
        ("signatures", {"bad_signature", "envelope_digest_differs"}),
        ("salts", {"leaf_commitment_differs", "receipt_commitments_differ"}),
        ("receipt", {"bad_signature"}),
    ],
)
def test_a_changed_sealed_part_is_found_at_its_statement(story, column, codes):
    row = Statement.objects.filter(kind="product.register").earliest("accept_no")
    vault = Vault.objects.get(statement_id=row.id)
    data = bytes(getattr(vault, column))
    if column in {"payload", "signatures", "receipt"}:
        marker = {
            "payload": b'"name":"',
            "signatures": b'"sig":"',
            "receipt": b'sig":"',
        }
        at = data.index(marker[column]) + len(marker[column]) + 3
        data = (
            data[:at] + (b"A" if data[at : at + 1] != b"A" else b"B") + data[at + 1 :]
        )
    else:
        data = flip(data, 0)
    rewrite(vault, **{column: data})

    found = list(check_statements(at=story.at))

    assert codes <= {finding.code for finding in found}
    leaf = Leaf.objects.get(statement_id=row.id, position=0).index
    # What the product is called follows from the statement, too.
    product = Product.objects.get(registered_by=row.id)
    places = (f"statement {row.id}", f"leaf {leaf}", "leaf ", f"product {product.gtin}")
    assert all(any(place in finding.where for place in places) for finding in found)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"by": "9529999000019"}, "by_differs"),
        ({"kind": "event"}, "kind_differs"),
        ({"signer": "somebody-else"}, "signer_differs"),
        ({"keyids": "0" * 64}, "keyids_differs"),
        ({"accepted_ms": 1}, "receipt_differs"),
    ],
)
def test_a_changed_statement_row_is_found(story, change, code):
    row = Statement.objects.filter(kind="product.register").earliest("accept_no")
    rewrite(row, **change)

    found = findings(story)

    assert (code, f"statement {row.id}") in found


def test_a_file_of_events_that_nobody_signed_is_found(story):
    row = Statement.objects.filter(kind="product.register").earliest("accept_no")
    rewrite(Vault.objects.get(statement_id=row.id), lines=b"{}")

    assert findings(story) == [("lines_unsigned", f"statement {row.id}")]


def test_a_lost_vault_is_found_unless_it_was_erased(story):
    row = Statement.objects.filter(kind="product.register").earliest("accept_no")
    past_triggers(
        lambda: Vault.objects.filter(statement_id=row.id).delete(), "ledger_vault"
    )

    # What it said is lost, so nobody registered the product any more.
    product = Product.objects.get(registered_by=row.id)
    assert findings(story) == [
        ("vault_missing", f"statement {row.id}"),
        ("product_unknown", f"product {product.gtin}"),
    ]


def test_an_unknown_signer_is_found(story):
    vault = Vault.objects.get(
        statement=Statement.objects.filter(kind="party.admit").earliest("accept_no")
    )
    past_triggers(lambda: Vault.objects.filter(pk=vault.pk).delete(), "ledger_vault")

    codes = {finding.code for finding in check_statements(at=story.at)}

    # Who was admitted by the lost statement has no voice in what remains.
    assert "vault_missing" in codes
    assert codes <= {
        "vault_missing",
        "unknown_key",
        "not_of_party",
        "partner_unknown",
        "key_unknown",
    }


@pytest.mark.parametrize("column", ["root_hash", "map_root"])
def test_a_changed_head_is_found(story, column):
    head = Checkpoint.objects.latest("size")
    rewrite(head, **{column: flip(getattr(head, column))})

    found = findings(story)

    code = {"root_hash": "root_differs", "map_root": "map_root_differs"}[column]
    assert (code, f"checkpoint {head.size}") in found


def test_a_lost_head_is_found(story):
    head = Checkpoint.objects.earliest("size")
    for rows in (
        SignedNote.objects.filter(checkpoint_id=head.size),
        Checkpoint.objects.filter(size=head.size),
    ):
        past_triggers(
            lambda rows=rows: rows._raw_delete(rows.db), rows.model._meta.db_table
        )

    assert findings(story) == [("checkpoint_missing", f"checkpoint {head.size}")]


def test_a_tree_that_is_not_the_sequencers_is_found(story):
    TreeState.objects.update(id=2)

    assert ("tree_missing", "tree") in findings(story)


def test_a_changed_note_is_found(story, settings, log):
    note = SignedNote.objects.latest("checkpoint_id")
    head, _, signature = note.note.rpartition(" ")
    rewrite(note, note=f"{head} {signature[:20]}AAAA{signature[24:]}")
    (log / "checkpoint").write_bytes(b"no note")
    settings.LOCK_STORE.write_bytes(b"no note")

    places = [finding.where.split(",")[0] for finding in check_heads(look_outside())]

    assert places == [f"note {note.pk}", "published checkpoint", "lock store"]
    with pytest.raises(IntegrityBreach, match="published unreadable"):
        queries.newest_checkpoint()
    assert queries.status(at=story.at).state == "stop"


def test_a_changed_policy_is_found_and_mended(story, log):
    policy = log / "policy"
    true = policy.read_bytes()

    policy.write_bytes(flip(true, 20))
    assert findings(story) == [("policy_differs", "policy")]
    policy.unlink()
    assert findings(story) == [("policy_missing", "policy")]

    operations.sequence(at=story.tick())

    assert policy.read_bytes() == true
    assert findings(story) == []


def test_a_lost_lock_store_is_found(story, settings):
    settings.LOCK_STORE.unlink()

    assert findings(story) == [("lock_store_lost", "lock store")]


@pytest.mark.parametrize(
    ("column", "value"),
    [("root_hash", b"x" * 32), ("frontier", b""), ("time_ms", 1), ("size", 3)],
)
def test_a_changed_tree_is_found(story, column, value):
    TreeState.objects.update(**{column: value})

    (only,) = findings(story)

    assert only[1] == "tree"


def test_what_waits_is_compared_too_and_named_when_late(story):
    accepted = story.license(NOVAMED, to="2041-01-01")
    assert findings(story) == []
    story.at += timedelta(minutes=2)

    assert findings(story) == [("still_pending", f"statement {accepted.statement_id}")]
    row = Pending.objects.get()
    Pending.objects.update(leaves=flip(row.leaves))
    assert ("pending_differs", f"statement {accepted.statement_id}") in findings(story)
    Pending.objects.all().delete()
    assert findings(story) == [("leaves_missing", f"statement {accepted.statement_id}")]
