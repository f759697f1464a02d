"""The proof of one pack as its asker may have it: a file, and a code for one QR.

Whoever may be told the custody of a pack gets its proof, and so does who scanned a
code that names serial, lot and expiry as they are on record: that pack is at hand.
Later steps are shown to those who may read the statement, else only said.
Source: DESIGN section 8, last paragraph; ADR 20.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from apps.anchoring import queries as anchoring
from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput
from apps.core.keyring import KeyRing
from apps.core.keys import load_public_key
from apps.core.packcode import build_code
from apps.core.packproof import PackProof, parse_pack_proof
from apps.core.packs import PackShown, verify_proof_code
from apps.core.policy import Policy
from apps.core.proofcode import ProofCode
from apps.custody import queries as custody
from apps.custody.queries.units import Link, Unit
from apps.partners import queries as partners
from apps.partners.models import TradingPartner
from apps.partners.queries import Actor
from apps.partners.queries.names import partners_by_gln
from apps.scan.queries.custody_links import known_links
from apps.scan.queries.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class PackCode:
    """A proof code that was checked by the policy of this site.

    Attributes:
        text: what the QR holds.
        size_bytes: of the code; its digits take about as much room in the QR.
    """

    text: str
    size_bytes: int
    shown: PackShown

    @property
    def seen_at(self) -> datetime | None:
        """When a quorum of witnesses had seen the head; None if none is asked for."""
        if self.shown.seen_ms is None:
            return None
        return datetime.fromtimestamp(self.shown.seen_ms / 1_000, tz=UTC)


def may_prove(verdict: Verdict) -> bool:
    """Whether the asker may have the proof of the pack that it was answered about."""
    read, unit = verdict.read, verdict.unit
    if unit is None or read.is_case_swapped:
        return False
    differs = read.lot not in {"", unit.lot} or read.expiry_date not in {
        None,
        unit.expiry_date,
    }
    is_at_hand = bool(read.lot) and read.expiry_date is not None
    return not differs and (bool(verdict.timeline) or is_at_hand)


def find_pack_file(verdict: Verdict, *, actor: Actor) -> bytes | None:
    """The pack proof with the history that `actor` may know, as a file.

    None where `may_prove` says no, until the pack is anchored, and once it is erased.

    Raises:
        IntegrityBreach: a published file of the log is missing, or serials differ.
    """
    document = _find_made(verdict)
    if document is None or verdict.unit is None:
        return None
    document["history"] = _history(verdict.unit, actor=actor)
    return canonical_bytes(document)


def find_pack_code(verdict: Verdict) -> PackCode | None:
    """The proof code of the pack; None as `find_pack_file`, and where it does not fit.

    Raises:
        IntegrityBreach: as `find_pack_file`.
        ProofError, UntrustedSignature: the site's own policy does not believe it.
    """
    document, policy = _find_made(verdict), anchoring.read_policy()
    if document is None or policy is None:
        return None
    proof, believed = parse_pack_proof(canonical_bytes(document)), Policy.parse(policy)
    try:
        code = _build(proof, believed)
        data = code.encode()
    except MalformedInput:
        # A lent key, or a lot and a log so large that the paths take all the room.
        return None
    shown = verify_proof_code(code=code, policy=believed, ring=KeyRing())
    return PackCode(code.format(), len(data), shown)


def _find_made(verdict: Verdict) -> dict[str, Any] | None:
    if verdict.unit is None or not may_prove(verdict):
        return None
    return custody.find_pack_proof(verdict.unit)


def _build(proof: PackProof, policy: Policy) -> ProofCode:
    signed = proof.statement.envelope.signatures
    known = partners.list_keys(each.keyid for each in signed)
    keys = {
        key.keyid: load_public_key(spki=bytes(key.spki), alg=key.algorithm)
        for key in known
    }
    return build_code(proof, keys=keys, policy=policy)


def _history(unit: Unit, *, actor: Actor) -> list[dict[str, Any]]:
    links = custody.history(batch_id=unit.batch_id, ordinal=unit.ordinal)
    # The first link is the commissioning, which the proof itself shows.
    known = known_links(links, actor=actor)[1:]
    names = partners_by_gln(link.by for link in known)
    return [
        _shown(link, unit, actor=actor) or _said(link, names.get(link.by))
        for link in known
    ]


def _shown(link: Link, unit: Unit, *, actor: Actor) -> dict[str, Any] | None:
    is_readable = (
        actor.is_regulator
        or link.by == actor.gln
        or custody.is_addressee(statement_id=link.statement_id, gln=actor.gln)
    )
    if not is_readable:
        return None
    return custody.find_step_proof(link, batch_id=unit.batch_id)


def _said(link: Link, partner: TradingPartner | None) -> dict[str, Any]:
    day = datetime.fromtimestamp(link.accepted_ms / 1_000, tz=UTC).date()
    return {
        "said": {
            "what": link.rule,
            "day": day.isoformat(),
            "role": partner.role if partner else "",
            "country": partner.country if partner else "",
        }
    }
