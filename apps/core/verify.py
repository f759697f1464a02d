"""The outsider's verifier: one statement, its leaves, and the log that holds them.

    1.  the files are read
    2.  the envelope is well formed
    3.  the statement is canonical, of a known version, and for this ledger; its body
        is one of its kind, it was accepted in its time, and its file is as signed
    4.  the signatures verify under the keys that other statements show
    5.  the commitments recompute from envelope, salt and time of acceptance
    6.  the leaves are of its type and speak of its subjects, one each
    7.  the leaves are included under the checkpoint
    8.  the checkpoint is signed by a log of the policy, under a key of genesis
    9.  the checkpoint is cosigned by the policy's quorum of witnesses
    10. the last leaf under the checkpoint is its map root; the map roots around the
        leaves say whether they were taken in in time, or late
    11. the receipt's promise was kept, and in time

Each step raises `ProofError` with its number, or adds a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .encoding import format_time_ms
from .envelope import STATEMENT_TYPE, envelope_digest, statement_id
from .errors import ProofError
from .keyring import KeyRing, Voice, verify_voices
from .leaf import LeafType, commitment
from .places import head_of, judge_map_roots, policy_within, verify_places
from .policy import Policy
from .prooffile import LeafProof, StatementProof
from .said import judge_content
from .statement import Statement, parse_statement
from .steps import Finding, at_step

_TYPES: Final = {"event": LeafType.GOODS, "events": LeafType.GOODS}
_PREFIXES: Final = {
    "party": LeafType.PARTY,
    "key": LeafType.PARTY,
    "product": LeafType.PARTY,
    "recall": LeafType.RECALL,
    "erasure": LeafType.ERASURE,
    "genesis": LeafType.CONFIG,
}


def leaf_type_of(kind: str) -> LeafType:
    """The type of the leaves of a statement of `kind`."""
    return _TYPES.get(kind) or _PREFIXES[kind.partition(".")[0]]


def verify_statement(
    *,
    proof: StatementProof,
    policy: Policy,
    ring: KeyRing,
    files: Mapping[str, bytes] | None = None,
) -> list[Finding]:
    """Steps 2 to 10 for one statement.

    Args:
        proof: a proof file.
        policy: the logs and witnesses that the reader believes.
        ring: keys shown by other statements; with a genesis id given, every
            signature must be under a key with standing.
        files: files of events, by the hex of their SHA-256.

    Raises:
        ProofError: `step` names the failed one.
    """
    with at_step(2):
        envelope = proof.envelope
        if envelope.payload_type != STATEMENT_TYPE:
            raise ProofError("wrong_payload_type", got=envelope.payload_type)
        count = len(envelope.signatures)
        found = [Finding(2, f"an envelope with {count} signature(s)")]
    with at_step(3):
        statement = parse_statement(envelope.payload)
        _verify_ledger(statement, proof, ring)
        what = f"statement {statement_id(envelope)}, {statement.kind} by {statement.by}"
        found.append(Finding(3, f"{what}, for {statement.ledger}"))
        found += judge_content(
            statement, accepted_ms=proof.accepted_ms, files=files or {}
        )
    with at_step(4):
        found += _judge_signatures(statement, proof, ring)
    with at_step(5):
        _verify_commitments(proof)
        when = format_time_ms(proof.accepted_ms)
        found.append(Finding(5, f"every commitment recomputes; accepted {when}"))
    with at_step(6):
        _verify_leaves(statement, proof)
        found.append(Finding(6, f"{len(proof.leaves)} leaf/leaves, one a subject"))
    places = [(each.leaf, each.proof) for each in proof.leaves]
    found += verify_places(places, policy, ring)
    with at_step(10):
        found += judge_map_roots(proof, policy_within(policy, ring))
    return found


def _verify_ledger(statement: Statement, proof: StatementProof, ring: KeyRing) -> None:
    origins = {head_of(each.proof).origin for each in proof.leaves}
    if ring.genesis is not None:
        origins.add(ring.genesis.origin)
    if origins != {statement.ledger}:
        raise ProofError(
            "other_ledger", got=statement.ledger, wanted=" ".join(sorted(origins))
        )


def _judge_signatures(
    statement: Statement, proof: StatementProof, ring: KeyRing
) -> list[Finding]:
    voices = verify_voices(
        envelope=proof.envelope, ring=ring, accepted_ms=proof.accepted_ms
    )
    is_strict = any(each.has_standing for each in ring.keys.values())
    for voice in voices:
        if is_strict and not (voice.standing and voice.standing.has_standing):
            raise ProofError(
                "no_standing", field=voice.keyid, wanted="a key that genesis leads to"
            )
    glns = {voice.standing.gln for voice in voices if voice.standing}
    if is_strict and statement.by not in glns:
        raise ProofError("not_of_party", got=sorted(glns), wanted=statement.by)
    return [_describe(voice) for voice in voices]


def _describe(voice: Voice) -> Finding:
    standing = voice.standing
    if standing is None:
        text = f"signature of key {voice.keyid}: not checked, no file shows this key"
        return Finding(4, text, is_shown=False)
    text = f"signature valid under key {voice.keyid}"
    if voice.lent_to:
        text += f", lent to device key {voice.lent_to}"
    if not standing.has_standing:
        return Finding(4, f"{text}, whose standing is not shown here", is_shown=False)
    return Finding(4, f"{text} of {standing.gln} ({standing.role})")


def _verify_commitments(proof: StatementProof) -> None:
    digest = envelope_digest(proof.envelope)
    for number, each in enumerate(proof.leaves):
        made = commitment(
            salt=each.salt, accepted_ms=proof.accepted_ms, envelope_digest=digest
        )
        if made != each.leaf.commitment:
            raise ProofError(
                "commitment_differs",
                field=f"leaves[{number}]",
                got=made.hex(),
                wanted=each.leaf.commitment.hex(),
            )


def _verify_leaves(statement: Statement, proof: StatementProof) -> None:
    tags = [subject.tag for subject in statement.subjects]
    if [each.leaf.subject_tag for each in proof.leaves] != tags:
        raise ProofError("other_subjects", wanted=f"{len(tags)} leaves, one a subject")
    first = proof.leaves[0]
    for number, each in enumerate(proof.leaves):
        _verify_leaf(statement, proof, each, where=f"leaves[{number}]")
        # The leaves of one statement stand side by side under one checkpoint.
        if each.proof.index != first.proof.index + number:
            raise ProofError("not_contiguous", field=f"leaves[{number}]")
        if each.leaf.time_ms != first.leaf.time_ms:
            raise ProofError("other_checkpoint", field=f"leaves[{number}]")


def _verify_leaf(
    statement: Statement, proof: StatementProof, each: LeafProof, *, where: str
) -> None:
    wanted = leaf_type_of(statement.kind)
    if each.leaf.kind is not wanted:
        raise ProofError("wrong_leaf_type", field=where, got=each.leaf.kind.name)
    if proof.accepted_ms > each.leaf.time_ms:
        raise ProofError(
            "accepted_after_leaf",
            field=where,
            got=format_time_ms(proof.accepted_ms),
            wanted="not after the leaf's time",
        )
