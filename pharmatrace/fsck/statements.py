"""Statements against their sealed bytes, signatures, receipts, serials and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from apps.anchoring.queries import LATE_SECONDS
from apps.core.bodies import parse_body
from apps.core.envelope import (
    Envelope,
    envelope_bytes,
    envelope_digest,
    join_envelope,
    parse_envelope,
    statement_id,
)
from apps.core.errors import MalformedInput, TraceError
from apps.core.leaf import commitment
from apps.core.receipt import parse_receipt
from apps.core.speech import Speech
from apps.core.statement import GOODS_KINDS, Statement, parse_statement
from apps.ledger import queries as ledger
from apps.ledger.formats import (
    as_ms,
    leaf_type_of,
    parse_pending,
    split_salts,
)
from apps.ledger.models import Statement as StatementRow
from apps.ledger.queries import StoredLeaf, StoredStatement
from pharmatrace.fsck.erasures import Erased, check_erasures, read_erased
from pharmatrace.fsck.finding import Finding, finding_of
from pharmatrace.fsck.goods import Goods
from pharmatrace.fsck.parties import Parties
from pharmatrace.fsck.progress import Tick, silent, watched
from pharmatrace.fsck.serials import SerialChecker
from pharmatrace.fsck.suspects import Suspects
from pharmatrace.fsck.voices import Voices

_Leaf = tuple[int, bytes, bytes]  # type, tag, commitment


@dataclass(frozen=True, slots=True)
class _Readers:
    """What is learned of the statements on the way."""

    voices: Voices = field(default_factory=Voices)
    serials: SerialChecker = field(default_factory=SerialChecker)
    parties: Parties = field(default_factory=Parties)
    goods: Goods = field(default_factory=Goods)
    suspects: Suspects = field(default_factory=Suspects)

    def take(self, erased: Erased) -> None:
        """Take what a closing says in place of statements that are gone."""
        self.goods.begin(erased)
        self.serials.skip(erased.tags)

    def learn(self, statement: Statement, row: StatementRow) -> None:
        """Take what the statement makes of partners, products, batches and recalls."""
        if statement.kind in GOODS_KINDS:
            for subject in statement.subjects:
                self.goods.grow(subject, row)
            return
        body = parse_body(statement.kind, statement.body)
        self.parties.learn(body, row)
        self.goods.learn(body, statement, row)


def check_statements(*, at: datetime, tick: Tick = silent) -> Iterator[Finding]:
    """Every difference between statements and what they should have become."""
    readers, erased = _Readers(), read_erased()
    readers.take(erased)
    yield from erased.findings
    late_ms = as_ms(at) - LATE_SECONDS * 1000
    total = ledger.count_statements()
    rows = ledger.iter_statements()
    for stored in watched(rows, stage="statements", total=total, tick=tick):
        if stored.vault is None:
            if not stored.is_erased:
                yield Finding("vault_missing", _name(stored))
            continue
        try:
            yield from _check(stored, readers)
        except TraceError as error:
            yield finding_of(error, _name(stored))
        if stored.pending is not None and stored.row.accepted_ms < late_ms:
            yield Finding("still_pending", _name(stored), wanted="a leaf by now")
    yield from readers.serials.check_rest()
    yield from readers.parties.check()
    yield from readers.goods.check()
    yield from check_erasures()
    yield from readers.suspects.check()


def _name(stored: StoredStatement) -> str:
    return f"statement {stored.row.id}"


def _check(stored: StoredStatement, readers: _Readers) -> Iterator[Finding]:
    envelope, voices = _read_envelope(stored), readers.voices
    statement = parse_statement(envelope.payload)
    readers.learn(statement, stored.row)
    yield from readers.suspects.learn(envelope, statement, stored.row)
    yield from readers.serials.check(statement, stored.row.id)
    yield from _check_row(stored, envelope, statement)
    lines = stored.vault.lines if stored.vault else None
    if statement.kind != "events" and lines is not None:
        yield Finding("lines_unsigned", _name(stored), wanted="no file of events")
    speech = Speech(
        envelope=envelope,
        statement=statement,
        accepted_ms=stored.row.accepted_ms,
        lines=None if lines is None else bytes(lines),
    )
    yield from voices.check(speech, where=_name(stored))
    yield from voices.learn(statement, at_ms=stored.row.accepted_ms)
    commitments = _commitments(stored, statement)
    yield from _check_receipt(stored, statement, commitments, voices)
    kind = leaf_type_of(statement.kind)
    tags = [subject.tag for subject in statement.subjects]
    wanted = [
        (int(kind), tag, committed)
        for tag, committed in zip(tags, commitments, strict=True)
    ]
    yield from _check_leaves(stored, wanted)


def _read_envelope(stored: StoredStatement) -> Envelope:
    vault = stored.vault
    if vault is None:
        raise RuntimeError("the caller looked")
    data = join_envelope(
        payload=bytes(vault.payload), signatures=bytes(vault.signatures)
    )
    envelope = parse_envelope(data)
    if envelope_bytes(envelope) != data:
        raise MalformedInput("envelope_not_canonical", field="vault")
    return envelope


def _check_row(
    stored: StoredStatement, envelope: Envelope, statement: Statement
) -> Iterator[Finding]:
    row = stored.row
    facts = {
        "statement_id": (row.id, statement_id(envelope)),
        "envelope_digest": (
            bytes(row.envelope_digest).hex(),
            envelope_digest(envelope).hex(),
        ),
        "keyids": (row.keyids, " ".join(each.keyid for each in envelope.signatures)),
        "kind": (row.kind, statement.kind),
        "by": (row.by, statement.by),
        "signer": (row.signer, statement.signer),
    }
    for fact, (got, wanted) in facts.items():
        if got != wanted:
            yield Finding(f"{fact}_differs", _name(stored), got, wanted)


def _commitments(stored: StoredStatement, statement: Statement) -> list[bytes]:
    vault, row = stored.vault, stored.row
    salts = split_salts(bytes(vault.salts)) if vault else []
    if len(salts) != len(statement.subjects):
        raise MalformedInput(
            "salts_differ", got=len(salts), wanted=f"{len(statement.subjects)} salts"
        )
    digest = bytes(row.envelope_digest)
    return [
        commitment(salt=salt, accepted_ms=row.accepted_ms, envelope_digest=digest)
        for salt in salts
    ]


def _check_receipt(
    stored: StoredStatement,
    statement: Statement,
    commitments: list[bytes],
    voices: Voices,
) -> Iterator[Finding]:
    if stored.vault is None:
        return
    envelope = parse_envelope(bytes(stored.vault.receipt))
    receipt = parse_receipt(envelope)
    said = (receipt.ledger, receipt.statement_id, receipt.accepted_ms)
    if said != (statement.ledger, stored.row.id, stored.row.accepted_ms):
        yield Finding("receipt_differs", _name(stored))
    if list(receipt.commitments) != commitments:
        yield Finding("receipt_commitments_differ", _name(stored))
    yield from voices.check_receipt(envelope, where=f"receipt of {_name(stored)}")


def _check_leaves(stored: StoredStatement, wanted: list[_Leaf]) -> Iterator[Finding]:
    positions = [leaf.position for leaf in stored.leaves]
    if stored.pending is not None:
        if positions:
            yield Finding("pending_and_logged", _name(stored))
        if list(parse_pending(stored.pending)) != wanted:
            yield Finding("pending_differs", _name(stored))
    elif positions != list(range(len(wanted))):
        got = f"positions {positions}"
        yield Finding("leaves_missing", _name(stored), got, f"{len(wanted)} leaves")
    else:
        first = stored.leaves[0].index
        for leaf, facts in zip(stored.leaves, wanted, strict=True):
            yield from _check_leaf(leaf, facts, first=first)


def _check_leaf(leaf: StoredLeaf, wanted: _Leaf, *, first: int) -> Iterator[Finding]:
    where = f"leaf {leaf.index}"
    if leaf.index != first + leaf.position:
        yield Finding("leaves_not_together", where)
    kind, tag, committed = wanted
    for fact, got, right in (
        ("type", str(leaf.type), str(kind)),
        ("tag", leaf.tag.hex(), tag.hex()),
        ("commitment", leaf.commitment.hex(), committed.hex()),
    ):
        if got != right:
            yield Finding(f"leaf_{fact}_differs", where, got, right)
