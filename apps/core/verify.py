"""The outsider's verifier: one statement, its leaves, and the log that holds them.

    1.  the files are read
    2.  the envelope is well formed
    3.  the statement is canonical, of a known version, and for this ledger
    4.  the signatures verify under the keys that other statements show
    5.  the commitments recompute from envelope, salt and time of acceptance
    6.  the leaves are of its type and speak of its subjects, one each
    7.  the leaves are included under the checkpoint
    8.  the checkpoint is signed by a log of the policy
    9.  the checkpoint is cosigned by the policy's quorum of witnesses
    10. the last leaf under the checkpoint is its map root
    11. the receipt's promise was kept

Each step raises `ProofError` with its number, or adds a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from .checkpoint import Checkpoint, open_checkpoint
from .encoding import format_time_ms
from .envelope import STATEMENT_TYPE, Envelope, envelope_digest, statement_id
from .errors import ProofError, TraceError
from .keyring import KeyRing, Voice, verify_voices
from .leaf import Leaf, LeafType, commitment
from .merkle import verify_inclusion
from .note import Note
from .policy import Policy, open_trusted_checkpoint
from .proof import TlogProof
from .prooffile import LeafProof, StatementProof
from .receipt import parse_receipt, verify_receipt
from .statement import Statement, parse_statement

_TYPES: Final = {"event": LeafType.GOODS, "events": LeafType.GOODS}
_PREFIXES: Final = {
    "party": LeafType.PARTY,
    "key": LeafType.PARTY,
    "product": LeafType.PARTY,
    "recall": LeafType.RECALL,
    "erasure": LeafType.ERASURE,
    "genesis": LeafType.CONFIG,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step showed; `is_shown` is False where it had nothing to check."""

    step: int
    text: str
    is_shown: bool = True


def leaf_type_of(kind: str) -> LeafType:
    """The type of the leaves of a statement of `kind`."""
    return _TYPES.get(kind) or _PREFIXES[kind.partition(".")[0]]


def verify_statement(
    *, proof: StatementProof, policy: Policy, ring: KeyRing
) -> list[Finding]:
    """Steps 2 to 10 for one statement.

    Args:
        proof: a proof file.
        policy: the logs and witnesses that the reader believes.
        ring: keys shown by other statements; with a genesis id given, every
            signature must be under a key with standing.

    Raises:
        ProofError: `step` names the failed one.
    """
    with _step(2):
        envelope = proof.envelope
        if envelope.payload_type != STATEMENT_TYPE:
            raise ProofError("wrong_payload_type", got=envelope.payload_type)
        count = len(envelope.signatures)
        found = [Finding(2, f"an envelope with {count} signature(s)")]
    with _step(3):
        statement = parse_statement(envelope.payload)
        _verify_ledger(statement, proof, ring)
        what = f"statement {statement_id(envelope)}, {statement.kind} by {statement.by}"
        found.append(Finding(3, f"{what}, for {statement.ledger}"))
    with _step(4):
        found += _judge_signatures(statement, proof, ring)
    with _step(5):
        _verify_commitments(proof)
        when = format_time_ms(proof.accepted_ms)
        found.append(Finding(5, f"every commitment recomputes; accepted {when}"))
    with _step(6):
        _verify_leaves(statement, proof)
        found.append(Finding(6, f"{len(proof.leaves)} leaf/leaves, one a subject"))
    found += verify_places([(each.leaf, each.proof) for each in proof.leaves], policy)
    with _step(10):
        found.append(_judge_map_root(proof, policy))
    return found


def verify_places(
    leaves: Sequence[tuple[Leaf, TlogProof]], policy: Policy
) -> list[Finding]:
    """Steps 7 to 9 for leaves and their proofs.

    Raises:
        ProofError: `step` names the failed one.
    """
    with _step(7):
        for leaf, proof in leaves:
            _verify_included(leaf, proof)
    with _step(8):
        heads = {
            open_checkpoint(
                proof.checkpoint, log_keys=[log.key for log in policy.logs]
            ).checkpoint
            for _, proof in leaves
        }
    with _step(9):
        for _, proof in leaves:
            open_trusted_checkpoint(proof.checkpoint, policy)
    places = ", ".join(str(proof.index) for _, proof in leaves)
    sizes = " and ".join(f"{head.origin} at size {head.tree_size}" for head in heads)
    quorum = "no witness is asked for" if policy.quorum == "none" else "quorum is met"
    return [
        Finding(7, f"included at index {places}"),
        Finding(8, f"signed head of {sizes}"),
        Finding(9, f"witnesses: {quorum}", is_shown=policy.quorum != "none"),
    ]


def verify_promise(
    *, receipt: Envelope, ring: KeyRing, proofs: Sequence[StatementProof]
) -> Finding:
    """Step 11: the receipt is the ledger's, and what it promised is in the log.

    Raises:
        ProofError: it is of no receipt key, or the log holds something else.
    """
    with _step(11):
        promised = parse_receipt(receipt)
        named = [] if ring.genesis is None else list(ring.genesis.receipt_keys)
        keys = {key.keyid: key for key in named}
        signer = receipt.signatures[0].keyid
        if ring.genesis is not None and signer not in keys:
            raise ProofError("unknown_key", field=signer, wanted="a receipt key")
        if signer in keys:
            verify_receipt(envelope=receipt, key=keys[signer])
        for proof in proofs:
            if statement_id(proof.envelope) != promised.statement_id:
                continue
            kept = tuple(each.leaf.commitment for each in proof.leaves)
            if (kept, proof.accepted_ms) != (
                promised.commitments,
                promised.accepted_ms,
            ):
                raise ProofError("promise_broken", got=promised.statement_id)
            return Finding(
                11,
                f"the receipt for {promised.statement_id} was kept",
                is_shown=signer in keys,
            )
    text = f"a receipt for {promised.statement_id}, which no file here proves"
    return Finding(11, text, is_shown=False)


def _verify_ledger(statement: Statement, proof: StatementProof, ring: KeyRing) -> None:
    origins = {_head(each.proof).origin for each in proof.leaves}
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


def _judge_map_root(proof: StatementProof, policy: Policy) -> Finding:
    if proof.map_root is None:
        return Finding(10, "no map root was given", is_shown=False)
    leaf, place = proof.map_root
    head = _head(place)
    if leaf.kind is not LeafType.MAP_ROOT or place.index != head.tree_size - 1:
        raise ProofError("map_root_not_last", got=place.index)
    _verify_included(leaf, place)
    open_trusted_checkpoint(place.checkpoint, policy)
    if any(_head(each.proof) != head for each in proof.leaves):
        raise ProofError("other_checkpoint", field="map_root")
    return Finding(10, f"the map root is the last leaf, index {place.index}")


def _verify_included(leaf: Leaf, proof: TlogProof) -> None:
    head = _head(proof)
    verify_inclusion(
        leaf_hash=leaf.leaf_hash,
        index=proof.index,
        tree_size=head.tree_size,
        path=proof.path,
        root_hash=head.root_hash,
    )


def _head(proof: TlogProof) -> Checkpoint:
    return Checkpoint.parse(Note.parse(proof.checkpoint).text)


@contextmanager
def _step(number: int) -> Iterator[None]:
    """A refusal inside becomes a `ProofError` with this number."""
    try:
        yield
    except TraceError as error:
        raise ProofError(
            error.code,
            step=number,
            field=error.field,
            got=error.got,
            wanted=error.wanted,
        ) from error
