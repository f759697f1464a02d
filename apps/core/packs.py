"""One pack, shown offline: by its proof file, or by its proof code alone.

    2. to 10. the commissioning statement, as `verify` has them; step 3 also asks for
        a commissioning, and step 10 has nothing to check in a code
    12. the pack stands under the signed root, and is what is printed on it
    13. the pack's later steps, proven or only said; a code has none
    14. how fresh it is: when a quorum of witnesses had seen the head

Each step raises `ProofError` with its number, or adds a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .encoding import format_time_ms
from .envelope import Envelope, statement_id
from .errors import ProofError
from .keyring import KeyRing, Standing
from .keys import WEBAUTHN_ES256, load_public_key
from .packcode import commissioned, open_code
from .packhistory import verify_history
from .packproof import PackName, PackProof
from .places import head_of, policy_within
from .policy import Policy, open_trusted_checkpoint
from .proofcode import ProofCode
from .prooffile import StatementProof
from .serials import SerialProof, verify_serial
from .statement import parse_statement
from .steps import Finding, at_step
from .subjects import Serials
from .verify import verify_statement


@dataclass(frozen=True, slots=True)
class PackShown:
    """What was shown of a pack.

    Args:
        by: GLN of the maker, as its statement says.
        is_signer_known: whether other statements show whose keys signed.
        accepted_ms, leaf_ms: when the ledger accepted the statement, and took it in.
        index, tree_size: of the leaf, and of the log under the head.
        seen_ms: when a quorum of the policy had seen the head; None where the policy
            asks for no witness. Nothing later is shown.
    """

    pack: PackName
    by: str
    is_signer_known: bool
    statement_id: str
    accepted_ms: int
    leaf_ms: int
    origin: str
    index: int
    tree_size: int
    seen_ms: int | None
    findings: tuple[Finding, ...]


def verify_pack_proof(*, proof: PackProof, policy: Policy, ring: KeyRing) -> PackShown:
    """Steps 2 to 14 for a pack proof.

    Args:
        policy: the logs and witnesses that the reader believes.
        ring: keys shown by other statements; with a genesis id given, every
            signature must be under a key with standing.

    Raises:
        ProofError: `step` names the failed one.
    """
    found = verify_statement(proof=proof.statement, policy=policy, ring=ring)
    with at_step(3):
        subject, serials = commissioned(proof.statement.envelope.payload)
    with at_step(12):
        _verify_name(proof.pack, serials)
        found.append(_verify_place(proof.place, proof.pack, serials))
    with at_step(13):
        found += verify_history(proof, tag=subject.tag, policy=policy, ring=ring)
    return _shown(proof.statement, proof.pack, policy, ring, found)


def verify_proof_code(*, code: ProofCode, policy: Policy, ring: KeyRing) -> PackShown:
    """Steps 2 to 14 for a proof code; arguments and errors as `verify_pack_proof`."""
    statement = open_code(code, policy)
    with at_step(4):
        ring = _with_brought(ring, code)
    found = verify_statement(proof=statement, policy=policy, ring=ring)
    with at_step(3):
        _, serials = commissioned(code.payload)
    pack = PackName(serials.gtin, serials.lot, serials.expiry_date, code.serial)
    place = SerialProof(code.ordinal, code.serial_salt, code.serial_path)
    with at_step(12):
        found.append(_verify_place(place, pack, serials))
    return _shown(statement, pack, policy, ring, found)


def _with_brought(ring: KeyRing, code: ProofCode) -> KeyRing:
    """The ring, and the keys that the code brings as keys of nobody known."""
    keys: Mapping[str, Standing] = {
        each.signature.keyid: Standing(
            key=load_public_key(spki=each.spki, alg=each.alg),
            gln="",
            signer="",
            role="",
            shown_by="",
            has_standing=False,
        )
        for each in code.signatures
        # What a passkey signs names the site, which genesis alone vouches for.
        if each.alg != WEBAUTHN_ES256 or ring.webauthn is not None
    }
    return replace(ring, keys={**keys, **ring.keys})


def _verify_name(pack: PackName, serials: Serials) -> None:
    said = (pack.gtin, pack.lot, pack.expiry_date)
    signed = (serials.gtin, serials.lot, serials.expiry_date)
    if said != signed:
        raise ProofError(
            "other_pack",
            field="pack",
            got=" ".join(map(str, said)),
            wanted=" ".join(map(str, signed)),
        )


def _verify_place(place: SerialProof, pack: PackName, serials: Serials) -> Finding:
    verify_serial(
        proof=place,
        gtin=serials.gtin,
        serial=pack.serial,
        base=serials.base,
        size=serials.size,
        root=serials.root,
    )
    name = f"GTIN {pack.gtin}, lot {pack.lot}, expiry {pack.expiry_date}"
    number = f"{place.ordinal - serials.base + 1} of {serials.size}"
    return Finding(12, f"{name}, serial {pack.serial}: pack {number} of that lot")


def _shown(
    proof: StatementProof,
    pack: PackName,
    policy: Policy,
    ring: KeyRing,
    found: list[Finding],
) -> PackShown:
    leaf, place = proof.leaves[0].leaf, proof.leaves[0].proof
    with at_step(14):
        policy = policy_within(policy, ring)
        signed = open_trusted_checkpoint(place.checkpoint, policy)
        seen_seconds = policy.seen_seconds(signed)
        fresh = _judge_freshness(seen_seconds, taken_ms=leaf.time_ms)
    head = head_of(place)
    return PackShown(
        pack=pack,
        by=parse_statement(proof.envelope.payload).by,
        is_signer_known=_is_known(proof.envelope, ring),
        statement_id=statement_id(proof.envelope),
        accepted_ms=proof.accepted_ms,
        leaf_ms=leaf.time_ms,
        origin=head.origin,
        index=place.index,
        tree_size=head.tree_size,
        seen_ms=None if seen_seconds is None else seen_seconds * 1_000,
        findings=(*found, fresh),
    )


def _is_known(envelope: Envelope, ring: KeyRing) -> bool:
    """Whether statements lead from genesis to all who signed."""
    signers = (each.delegation or envelope for each in envelope.signatures)
    keyids = {each.keyid for one in signers for each in one.signatures}
    return keyids <= ring.speakers.keys()


def _judge_freshness(seen_seconds: int | None, *, taken_ms: int) -> Finding:
    if seen_seconds is None:
        text = (
            "no witness is asked for, so how old the head is, is the log's own word; "
            f"it took the statement in at {format_time_ms(taken_ms)}"
        )
        return Finding(14, text, is_shown=False)
    seen = format_time_ms(seen_seconds * 1_000)
    return Finding(14, f"a quorum had seen the head at {seen}; nothing later is shown")
