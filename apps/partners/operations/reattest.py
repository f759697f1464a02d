"""What a suspect key signed is said again by its party."""

from apps.core.bodies import KeyReattest, read_body
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.statement import Statement
from apps.ledger import queries as ledger
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.ledger.queries import SignedRow
from apps.partners import queries
from apps.partners.formats import Said
from apps.partners.models import Reattestation, SigningKey
from apps.partners.operations.authenticate import authenticate, verify_scope
from apps.partners.operations.locks import lock_partners
from apps.partners.operations.tags import party_tag_of, require_tags


def reattest(submission: Submission) -> Accepted:
    """Accept key.reattest: a good key of the party stands by what a suspect one signed.

    1. Every signature verifies; the key that it speaks of is the party's own.
    2. That key was revoked as suspect, and signed each of the statements since then.
    3. None of them was said again before.

    Raises:
        MalformedInput: `unknown_key`, `not_suspect` (of foreign and missing statements
            too), `wrong_subjects`, or a body that cannot be read.
        UntrustedSignature: as `authenticate`.
        LedgerConflict: `said_again`.
    Source: DESIGN section 3, "Genesis and keys"; decision 21.
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, KeyReattest):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    require_tags(statement, party_tag_of(statement.by))
    # 1.
    authenticate(submission=submission)
    lock_partners(glns=[statement.by])
    # 2.
    key = _suspect_key(body.keyid, statement.by)
    rows = _statements_of(statement, key)
    # 3.
    _require_fresh(rows, key)
    said = Said.by(submission)
    accepted_ms = max(said.accepted_ms, *(row.accepted_ms for row in rows))
    verify_scope(statement, origin=statement.ledger, at_ms=accepted_ms)
    Reattestation.objects.bulk_create(
        Reattestation(
            statement_id=row.id,
            keyid=key.keyid,
            said_in=said.statement_id,
            accepted_ms=accepted_ms,
        )
        for row in rows
    )
    return append_statement(submission=submission, accepted_ms=accepted_ms)


def _suspect_key(keyid: str, by: str) -> SigningKey:
    key = queries.find_key(keyid)
    if key is None or key.partner.gln != by or key.suspect_since_ms is None:
        raise MalformedInput(
            "unknown_key",
            field="body.keyid",
            got=keyid,
            wanted="a key of yours that was revoked as suspect",
        )
    return key


def _statements_of(statement: Statement, key: SigningKey) -> list[SignedRow]:
    wanted = [parent.statement_id for parent in statement.parents]
    found = ledger.list_signed(ids=wanted)
    others = set(wanted) - queries.suspect_among(found, key)
    if others:
        raise MalformedInput(
            "not_suspect",
            field="parents",
            got=min(others),
            wanted="statements that the key signed while it was suspect",
        )
    return found


def _require_fresh(rows: list[SignedRow], key: SigningKey) -> None:
    again = Reattestation.objects.filter(
        keyid=key.keyid, statement_id__in=[row.id for row in rows]
    ).first()
    if again is not None:
        raise LedgerConflict(
            "said_again",
            field="parents",
            got=again.statement_id,
            wanted="statements that nobody has said again",
        )
