"""Statements against their sealed bytes, signatures, receipts, serials and leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from apps.anchoring.queries import LATE_SECONDS
from apps.core.bodies import parse_body
from apps.core.envelope import open_sealed, parse_envelope
from apps.core.errors import MalformedInput, TraceError
from apps.core.leaf import commitment
from apps.core.receipt import Receipt, parse_receipt, receipt_payload
from apps.core.speech import Speech
from apps.core.statement import GOODS_KINDS, Statement, parse_statement
from apps.ledger import queries as ledger
from apps.ledger.formats import as_ms, leaf_type_of, parse_pending, split_salts
from apps.ledger.queries import StoredLeaf, StoredStatement, StoredVault
from pharmatrace.fsck.erasures import Erased, check_erasures, read_erased
from pharmatrace.fsck.finding import Finding, finding_of
from pharmatrace.fsck.goods import Goods
from pharmatrace.fsck.parties import Parties
from pharmatrace.fsck.progress import Tick, silent
from pharmatrace.fsck.seals import SealChecker, judge_beside
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

    def learn(self, statement: Statement, row: StoredStatement) -> None:
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
    total, done = ledger.count_statements(), 0
    with judge_beside(total) as beside:
        seals = SealChecker(beside)
        for page in ledger.iter_statements():
            for stored in page:
                yield from _check_one(stored, readers, late_ms=late_ms)
            yield from seals.check(page, readers.voices)
            done += len(page)
            tick("statements", done, max(total, done))
        yield from seals.finish()
    yield from readers.serials.check_rest()
    yield from readers.parties.check()
    yield from readers.goods.check()
    yield from check_erasures()
    yield from readers.suspects.check()


def _check_one(
    stored: StoredStatement, readers: _Readers, *, late_ms: int
) -> Iterator[Finding]:
    if stored.vault is None:
        if not stored.is_erased:
            yield Finding("vault_missing", _name(stored))
        return
    try:
        yield from _check(stored, stored.vault, readers)
    except TraceError as error:
        yield finding_of(error, _name(stored))
    if stored.pending is not None and stored.accepted_ms < late_ms:
        yield Finding("still_pending", _name(stored), wanted="a leaf by now")


def _name(stored: StoredStatement) -> str:
    return f"statement {stored.id}"


def _check(
    stored: StoredStatement, vault: StoredVault, readers: _Readers
) -> Iterator[Finding]:
    envelope = open_sealed(payload=vault.payload, signatures=vault.signatures)
    statement = parse_statement(vault.payload)
    readers.learn(statement, stored)
    yield from readers.suspects.learn(envelope, statement, stored)
    yield from readers.serials.check(statement, stored.id)
    yield from _check_row(stored, statement)
    if statement.kind != "events" and vault.lines is not None:
        yield Finding("lines_unsigned", _name(stored), wanted="no file of events")
    speech = Speech(
        envelope=envelope,
        statement=statement,
        accepted_ms=stored.accepted_ms,
        lines=vault.lines,
    )
    yield from readers.voices.check(speech, where=_name(stored))
    yield from readers.voices.learn(statement, at_ms=stored.accepted_ms)
    commitments = _commitments(stored, vault, statement)
    yield from _check_receipt(stored, vault, statement, commitments)
    kind = int(leaf_type_of(statement.kind))
    wanted = [
        (kind, subject.tag, committed)
        for subject, committed in zip(statement.subjects, commitments, strict=True)
    ]
    yield from _check_leaves(stored, wanted)


def _check_row(stored: StoredStatement, statement: Statement) -> Iterator[Finding]:
    """What else the row says is compared where the signatures are: `seals`."""
    for fact, got, wanted in (
        ("kind", stored.kind, statement.kind),
        ("by", stored.by, statement.by),
        ("signer", stored.signer, statement.signer),
    ):
        if got != wanted:
            yield Finding(f"{fact}_differs", _name(stored), got, wanted)


def _commitments(
    stored: StoredStatement, vault: StoredVault, statement: Statement
) -> tuple[bytes, ...]:
    salts = split_salts(vault.salts)
    if len(salts) != len(statement.subjects):
        raise MalformedInput(
            "salts_differ", got=len(salts), wanted=f"{len(statement.subjects)} salts"
        )
    return tuple(
        commitment(
            salt=salt,
            accepted_ms=stored.accepted_ms,
            envelope_digest=stored.envelope_digest,
        )
        for salt in salts
    )


def _check_receipt(
    stored: StoredStatement,
    vault: StoredVault,
    statement: Statement,
    commitments: tuple[bytes, ...],
) -> Iterator[Finding]:
    """What the receipt promised; its signature is checked with all others."""
    wanted = Receipt(statement.ledger, stored.id, stored.accepted_ms, commitments)
    envelope = parse_envelope(vault.receipt)
    if envelope.payload == receipt_payload(wanted):
        return
    found = parse_receipt(envelope)
    if replace(found, commitments=commitments) != wanted:
        yield Finding("receipt_differs", _name(stored))
    if found.commitments != commitments:
        yield Finding("receipt_commitments_differ", _name(stored))


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
