"""What somebody does to the log's rows who owns the database, and does it well."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from apps.anchoring import operations as anchoring
from apps.anchoring.models import (
    Checkpoint,
    Cosignature,
    MapEntry,
    SignedNote,
    TreeState,
)
from apps.core.merkle import RootBuilder
from apps.edge.append_only import SUFFIX
from apps.ledger.models import Leaf, Pending, Statement, Vault


@contextmanager
def unguarded() -> Iterator[None]:
    """A transaction in which no trigger stands in the way; they stay off."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT DISTINCT relname, tgname FROM pg_trigger JOIN pg_class"
                f" ON tgrelid = pg_class.oid WHERE tgname LIKE '%{SUFFIX}%'"
            )
            for table, name in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER {name} ON "{table}"')
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        else:
            cursor.execute("PRAGMA defer_foreign_keys = ON")
            cursor.execute(
                "SELECT name FROM sqlite_master"
                f" WHERE type = 'trigger' AND name LIKE '%{SUFFIX}%'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        yield


def cut_tail() -> None:
    """The newest checkpoint and all that it added never were."""
    with unguarded():
        gone = _cut_log()
        Vault.objects.filter(statement_id__in=gone).delete()
        Statement.objects.filter(id__in=gone).delete()


def hash_again() -> None:
    """The newest checkpoint fixes something else, and everything above fits again."""
    with unguarded():
        tail = list(_tail().order_by("index").select_related("statement"))
        _cut_log()
        Pending.objects.bulk_create(_as_pending(tail))
    # Of the same size: what waited before still waits.
    anchoring.integrate_pending(at=timezone.now(), limit_leaves=len(tail))


def _as_pending(tail: list[Leaf]) -> Iterator[Pending]:
    """The same leaves again, each with another commitment."""
    for statement, leaves in groupby(tail, key=lambda leaf: leaf.statement):
        yield Pending(
            statement=statement,
            accept_no=statement.accept_no,
            accepted_ms=statement.accepted_ms,
            leaves=b"".join(
                bytes([leaf.type]) + bytes(leaf.tag) + bytes(leaf.commitment)[::-1]
                for leaf in leaves
            ),
        )


def _tail() -> QuerySet[Leaf]:
    """The leaves of statements under the newest checkpoint and no earlier one."""
    _, before = Checkpoint.objects.order_by("-size")[:2]
    return Leaf.objects.filter(index__gte=before.size).exclude(statement=None)


def _cut_log() -> set[str]:
    """Set leaves, heads, tree and map back by one checkpoint; whose leaves went."""
    newest, before = Checkpoint.objects.order_by("-size")[:2]
    statements = set(_tail().values_list("statement_id", flat=True))
    Cosignature.objects.filter(checkpoint=newest).delete()
    SignedNote.objects.filter(checkpoint=newest).delete()
    newest.delete()
    Leaf.objects.filter(index__gte=before.size).delete()
    builder = RootBuilder()
    MapEntry.objects.all().delete()
    for leaf in Leaf.objects.order_by("index"):
        builder.append(bytes(leaf.leaf_hash))
        MapEntry.objects.update_or_create(
            tag=leaf.tag,
            defaults={
                "count": leaf.chain_seq + 1,
                "head_leaf_hash": leaf.leaf_hash,
                "last_index": leaf.index,
            },
        )
    TreeState.objects.update(
        size=before.size,
        root_hash=builder.root(),
        frontier=b"".join(builder.frontier),
        time_ms=before.time_ms,
    )
    return statements
