"""The first leaf: origin, operator, authorities, receipt keys."""

from apps.core.bodies import Authority, Genesis, read_body
from apps.core.errors import LedgerConflict, MalformedInput
from apps.core.signing import public_key_of
from apps.core.speech import verify_speech
from apps.edge.secrets import receipt_key
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.partners import queries
from apps.partners.formats import Said
from apps.partners.models import LicenceRole, MemberRole, SigningKey, TradingPartner
from apps.partners.operations.authenticate import speech_of, verify_scope
from apps.partners.operations.keys import row_of_key
from apps.partners.operations.tags import party_tag_of

# What the pages call a party of genesis; a brand authority also makes medicines.
_SHOWN = {
    "operator": LicenceRole.OPERATOR,
    "regulator": LicenceRole.REGULATOR,
    "brand_authority": LicenceRole.MANUFACTURER,
}


def open_ledger(submission: Submission) -> Accepted:
    """Accept the genesis statement; the ledger takes other kinds from then on.

    1. There is no genesis yet, and this one is for this ledger and in time.
    2. It names the receipt key that this site signs with.
    3. Every signature verifies under a key that it names; the operator and every
       authority have signed, and `signer` is the operator's.

    Raises:
        LedgerConflict: `ledger_open`.
        MalformedInput: a body that cannot be read, or `foreign_receipt_key`.
        UntrustedSignature: as 3 says.
    Source: DESIGN section 3, "Genesis and keys".
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, Genesis):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    # 1.
    if queries.find_genesis() is not None:
        raise LedgerConflict("ledger_open", wanted="one genesis in a ledger")
    verify_scope(statement, origin=body.origin, at_ms=submission.at_ms)
    # 2.
    own = public_key_of(receipt_key()).keyid
    if own not in {key.keyid for key in body.receipt_keys}:
        raise MalformedInput(
            "foreign_receipt_key", field="body.receipt_keys", wanted=own
        )
    # 3.
    verify_speech(speech_of(submission), speakers={}, genesis=body)
    said = Said.by(submission)
    for party in body.parties:
        _write_party(party, said)
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def _write_party(party: Authority, said: Said) -> None:
    partner = TradingPartner.objects.create(
        gln=party.gln,
        name=party.name,
        country=party.country,
        role=_SHOWN[party.role],
        tag=party_tag_of(party.gln),
        admitted_by=said.statement_id,
    )
    SigningKey.objects.bulk_create(
        row_of_key(
            key=key.key,
            partner=partner,
            signer=key.signer,
            role=MemberRole.ADMIN,
            said=said,
            is_genesis=True,
        )
        for key in party.keys
    )
