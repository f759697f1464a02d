"""Lent voices, and what is said again of suspect keys, as statements make them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Value
from django.db.models.functions import Concat

from apps.core.bodies import KeyReattest, KeyRevoke, parse_body
from apps.core.delegation import read_delegation
from apps.core.envelope import Envelope, Signature, statement_id
from apps.core.statement import Statement
from apps.ledger.models import Statement as StatementRow
from apps.ledger.queries import StoredStatement
from apps.partners.models import LentVoice, Reattestation
from pharmatrace.fsck.finding import Finding
from pharmatrace.fsck.rows import Row, compare_rows


@dataclass(frozen=True, slots=True)
class _Suspicion:
    since_ms: int
    revoked_by: str


class Suspects:
    """Fed with statements in order of acceptance."""

    def __init__(self) -> None:
        self._suspicions: dict[str, _Suspicion] = {}  # by keyid
        self._lent: dict[str, Row] = {}  # by digest
        self._lenders: dict[str, set[str]] = {}  # by device key
        self._again: dict[str, Row] = {}  # by statement and keyid

    def learn(
        self, envelope: Envelope, statement: Statement, row: StoredStatement
    ) -> Iterator[Finding]:
        """Take lent voices, suspicions and re-attestations from a statement."""
        for signature in envelope.signatures:
            if signature.delegation is not None:
                self._lend(signature, signature.delegation, row)
        if statement.kind not in {"key.revoke", "key.reattest"}:
            return
        body = parse_body(statement.kind, statement.body)
        if isinstance(body, KeyRevoke) and body.suspect_since_ms is not None:
            suspicion = _Suspicion(body.suspect_since_ms, row.id)
            self._suspicions[body.keyid] = suspicion
        if isinstance(body, KeyReattest):
            yield from self._reattest(body.keyid, statement, row)

    def check(self) -> Iterator[Finding]:
        """Every row that differs from what was said."""
        voices = LentVoice.objects.all()
        yield from compare_rows("voice", "digest", voices, self._lent)
        name = Concat("statement_id", Value(" "), "keyid")
        again = Reattestation.objects.annotate(name=name)
        yield from compare_rows("reattestation", "name", again, self._again)

    def _lend(self, signature: Signature, lent: Envelope, row: StoredStatement) -> None:
        delegation, lender = read_delegation(signature)
        self._lenders.setdefault(signature.keyid, set()).add(lender)
        self._lent.setdefault(
            statement_id(lent),
            {
                "device_keyid": signature.keyid,
                "lender__keyid": lender,
                "site": delegation.site,
                "from_ms": delegation.from_ms,
                "to_ms": delegation.to_ms,
                "seen_in": row.id,
            },
        )

    def _reattest(
        self, keyid: str, statement: Statement, row: StoredStatement
    ) -> Iterator[Finding]:
        wanted = [parent.statement_id for parent in statement.parents]
        earlier = StatementRow.objects.filter(accept_no__lt=row.accept_no)
        found = earlier.in_bulk(wanted)
        for name in wanted:
            place = f"{name} {keyid}"
            parent = found.get(name)
            if parent is None or not self._is_suspect(parent, keyid):
                yield Finding("not_suspect", f"statement {row.id}", name)
            if place in self._again:
                yield Finding("said_again", f"statement {row.id}", name)
            self._again[place] = {
                "statement_id": name,
                "keyid": keyid,
                "said_in": row.id,
                "accepted_ms": row.accepted_ms,
            }

    def _is_suspect(self, row: StatementRow, keyid: str) -> bool:
        suspicion = self._suspicions.get(keyid)
        if suspicion is None or row.id == suspicion.revoked_by:
            return False
        voices = set().union(
            *(self._lenders.get(each, {each}) for each in row.keyids.split())
        )
        return keyid in voices and row.accepted_ms >= suspicion.since_ms
