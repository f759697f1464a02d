"""The history of a partner's keys: what the ledger says of each, where, and by whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from apps.core.bodies import KeyRevoke, read_body
from apps.core.envelope import Envelope, parse_envelope
from apps.core.statement import parse_statement
from apps.core.webauthn import authenticator_flags
from apps.ledger import queries as ledger
from apps.partners.models import KeyRequest, LentVoice, SigningKey
from apps.partners.queries.actors import Actor
from apps.partners.queries.keys import list_keys, list_partner_keys
from apps.partners.queries.names import sites_by_gln
from apps.partners.queries.people import names_of

MOST_LENT = 100


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One entry in the life of a key.

    Attributes:
        what: genesis, enrolled or revoked.
        label: what its owner calls the device, told to its own people alone.
        signed_by: persons and parties whose keys signed, the key itself left out.
        index: of the entry in the key's chain; None until it is sequenced.
        reason: why it was revoked.
        is_synced: a passkey that may live on several devices; None if not known.
    """

    what: str
    at_ms: int
    key: SigningKey
    person: str
    label: str
    signed_by: list[str]
    statement_id: str
    index: int | None
    reason: str
    is_synced: bool | None


@dataclass(frozen=True, slots=True)
class LentRow:
    """A lent voice as statements showed it."""

    lent: LentVoice
    person: str
    site: str


def list_key_history(*, gln: str, actor: Actor) -> list[HistoryRow]:
    """Every entry about a partner's keys, the latest first."""
    keys = list_partner_keys(gln=gln)
    requests = KeyRequest.objects.filter(keyid__in=[key.keyid for key in keys])
    labels = dict(requests.values_list("keyid", "label")) if actor.gln == gln else {}
    said = {key.enrolled_by for key in keys} | {key.revoked_by for key in keys} - {""}
    known = _Known.of(said)
    names = names_of({key.signer for key in keys})
    rows = [
        known.row(key, what, names.get(key.signer, ""), labels.get(key.keyid, ""))
        for key in keys
        for what in _entries(key)
    ]
    return sorted(rows, key=lambda row: (row.at_ms, row.index or 0), reverse=True)


def list_lent(*, gln: str) -> list[LentRow]:
    """Voices that a partner's keys lent, as far as statements showed them."""
    lent = LentVoice.objects.filter(lender__partner__gln=gln).select_related("lender")
    rows = list(lent.order_by("-from_ms")[:MOST_LENT])
    names = names_of({row.lender.signer for row in rows})
    sites = sites_by_gln(row.site for row in rows)
    return [
        LentRow(
            lent=row,
            person=names.get(row.lender.signer, row.lender.signer),
            site=sites[row.site].name if row.site in sites else row.site,
        )
        for row in rows
    ]


def _entries(key: SigningKey) -> list[str]:
    first = "genesis" if key.is_genesis else "enrolled"
    return [first, "revoked"] if key.revoked_by else [first]


@dataclass(frozen=True, slots=True)
class _Known:
    """What the ledger has of the statements about keys."""

    envelopes: Mapping[str, Envelope]
    indices: Mapping[tuple[str, bytes], int]
    signers: Mapping[str, str]  # by keyid: person and party

    @classmethod
    def of(cls, statement_ids: Iterable[str]) -> "_Known":
        ids = sorted(statement_ids)
        stored = ledger.envelopes_of(ids=ids)
        envelopes = {name: parse_envelope(data) for name, data in stored.items()}
        leaves = ledger.leaves_among(ids)
        keys = list_keys(
            {each.keyid for said in envelopes.values() for each in said.signatures}
        )
        people = names_of({key.signer for key in keys})
        return cls(
            envelopes,
            {
                (name, leaf.tag): leaf.index
                for name, found in leaves.items()
                for leaf in found
            },
            {
                key.keyid: f"{people.get(key.signer, key.signer)}, {key.partner.name}"
                for key in keys
            },
        )

    def row(self, key: SigningKey, what: str, person: str, label: str) -> HistoryRow:
        is_end = what == "revoked"
        statement_id = key.revoked_by if is_end else key.enrolled_by
        envelope = self.envelopes.get(statement_id)
        signatures = envelope.signatures if envelope else ()
        return HistoryRow(
            what=what,
            at_ms=key.revoked_ms or 0 if is_end else key.enrolled_ms,
            key=key,
            person=person or key.signer,
            label=label,
            signed_by=sorted(
                self.signers[each.keyid]
                for each in signatures
                if each.keyid in self.signers
                and (is_end or key.is_genesis or each.keyid != key.keyid)
            ),
            statement_id=statement_id,
            index=self.indices.get((statement_id, bytes(key.tag))),
            reason=_reason(envelope) if is_end and envelope else "",
            is_synced=None if is_end else _is_synced(key.keyid, envelope),
        )


def _reason(envelope: Envelope) -> str:
    body = read_body(parse_statement(envelope.payload))
    return body.reason if isinstance(body, KeyRevoke) else ""


def _is_synced(keyid: str, envelope: Envelope | None) -> bool | None:
    """What the authenticator said when the key signed its own enrolment."""
    for each in envelope.signatures if envelope else ():
        if each.keyid == keyid and each.webauthn is not None:
            data = each.webauthn.authenticator_data
            return authenticator_flags(data).is_backup_eligible
    return None
