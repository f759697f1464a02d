"""Between a proof code and what it stands for: put together, taken apart.

The reader's half computes everything that the code does not say; the writer's half
leaves it out of a pack proof.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from .checkpoint import Checkpoint, open_checkpoint
from .codeparts import BroughtSignature, Cosignature
from .envelope import STATEMENT_TYPE, Envelope, envelope_digest
from .errors import MalformedInput, ProofError
from .keys import PublicKey
from .leaf import Leaf, LeafType, commitment
from .merkle import root_from_path
from .note import Note, NoteSignature
from .notekey import SignatureType, VerifierKey, cosignature_time
from .packproof import PackProof
from .policy import Policy
from .proof import TlogProof
from .proofcode import MAX_COSIGNATURES, ProofCode
from .prooffile import LeafProof, StatementProof
from .statement import parse_statement
from .steps import at_step
from .subjects import Serials, Subject


def commissioned(payload: bytes) -> tuple[Subject, Serials]:
    """The one subject of a commissioning statement, and the serials that it signs.

    Raises:
        MalformedInput: no statement.
        ProofError: `not_a_commissioning`.
    """
    statement = parse_statement(payload)
    if statement.kind == "event" and len(statement.subjects) == 1:
        (subject,) = statement.subjects
        if subject.serials is not None:
            return subject, subject.serials
    raise ProofError(
        "not_a_commissioning", got=statement.kind, wanted="one lot with its serials"
    )


def open_code(code: ProofCode, policy: Policy) -> StatementProof:
    """The statement's proof that a code stands for; no signature is checked here.

    Raises:
        ProofError: `unknown_log` at step 8; at 3 no commissioning; at 6 no leaf; at 7
            a path of another length than its place demands.
    """
    with at_step(8):
        log = _log_of(code, policy)
    with at_step(3):
        subject, _ = commissioned(code.payload)
    envelope = Envelope(
        STATEMENT_TYPE, code.payload, tuple(each.signature for each in code.signatures)
    )
    with at_step(6):
        leaf = Leaf(
            LeafType.GOODS,
            code.time_ms,
            subject.tag,
            code.chain_seq,
            code.prev_leaf_hash,
            commitment(
                salt=code.salt,
                accepted_ms=code.accepted_ms,
                envelope_digest=envelope_digest(envelope),
            ),
        )
    place = TlogProof(code.index, code.inclusion_path, _note(code, leaf, log, policy))
    return StatementProof(
        envelope=envelope,
        accepted_ms=code.accepted_ms,
        leaves=(LeafProof(leaf, code.salt, place),),
        map_root=None,
        before=None,
        after=None,
        keys=(),
    )


def build_code(
    proof: PackProof, *, keys: Mapping[str, PublicKey], policy: Policy
) -> ProofCode:
    """The code of a pack proof.

    Args:
        keys: of those who signed, by keyid.
        policy: whose log lines and witnesses the code shall show; of the witnesses
            so many as make a quorum, the newest.

    Raises:
        MalformedInput: `unfit_for_code`: signed under a lent key or one that `keys`
            lacks, or no quorum cosigned with Ed25519.
        UntrustedSignature: no Ed25519 key of the policy signed the head.
    """
    statement = proof.statement
    (each,) = statement.leaves
    log_line, cosignatures = _lines(each.proof.checkpoint, policy)
    head = Checkpoint.parse(Note.parse(each.proof.checkpoint).text)
    return ProofCode(
        log_key_id=log_line.key_id,
        tree_size=head.tree_size,
        log_signature=log_line.signature,
        cosignatures=cosignatures,
        index=each.proof.index,
        inclusion_path=each.proof.path,
        time_ms=each.leaf.time_ms,
        chain_seq=each.leaf.chain_seq,
        prev_leaf_hash=each.leaf.prev_leaf_hash,
        salt=each.salt,
        accepted_ms=statement.accepted_ms,
        signatures=tuple(_brought(statement.envelope, keys)),
        payload=statement.envelope.payload,
        ordinal=proof.place.ordinal,
        serial_salt=proof.place.salt,
        serial_path=proof.place.path,
        serial=proof.pack.serial,
    )


def _log_of(code: ProofCode, policy: Policy) -> VerifierKey:
    known = [
        log.key
        for log in policy.logs
        if log.key.kind is SignatureType.ED25519 and log.key.key_id == code.log_key_id
    ]
    if len(known) != 1:
        raise ProofError(
            "unknown_log",
            field="policy",
            got=code.log_key_id.hex(),
            wanted="the Ed25519 key of one log",
        )
    return known[0]


def _note(code: ProofCode, leaf: Leaf, log: VerifierKey, policy: Policy) -> bytes:
    with at_step(7):
        root = root_from_path(
            leaf_hash=leaf.leaf_hash,
            index=code.index,
            tree_size=code.tree_size,
            path=code.inclusion_path,
        )
    text = Checkpoint(log.name, code.tree_size, root).format()
    line = NoteSignature(log.name, code.log_key_id, code.log_signature)
    return Note(text, (line, *_known_lines(code, policy))).format()


def _known_lines(code: ProofCode, policy: Policy) -> Iterator[NoteSignature]:
    """Lines of witnesses that the policy knows; of others nothing can be said."""
    for one in code.cosignatures:
        names = [key.name for key in _witness_keys(policy) if key.key_id == one.key_id]
        if len(names) == 1:
            body = one.time_seconds.to_bytes(8, "big") + one.signature
            yield NoteSignature(names[0], one.key_id, body)


def _witness_keys(policy: Policy) -> Iterator[VerifierKey]:
    for witness in policy.witnesses:
        if witness.key.kind is SignatureType.COSIGNATURE_ED25519:
            yield witness.key


def _lines(
    checkpoint: bytes, policy: Policy
) -> tuple[NoteSignature, tuple[Cosignature, ...]]:
    """The log's Ed25519 line, and a quorum of cosignatures, the newest."""
    logs = [each.key for each in policy.logs if each.key.kind is SignatureType.ED25519]
    witnesses = list(_witness_keys(policy))
    signed = open_checkpoint(checkpoint, log_keys=logs, witness_keys=witnesses)
    kept = _quorum(signed.cosignatures, policy)
    if not policy.is_quorum(kept):
        raise MalformedInput(
            "unfit_for_code", field="checkpoint", wanted="a quorum of Ed25519 lines"
        )
    cosignatures = (
        Cosignature(one.key_id, cosignature_time(one.signature), one.signature[8:])
        for one in kept.values()
    )
    ordered = sorted(cosignatures, key=lambda one: one.key_id)
    return signed.log_signatures[0], tuple(ordered)


def _quorum(lines: Sequence[NoteSignature], policy: Policy) -> dict[str, NoteSignature]:
    """As few of the newest lines as meet the policy, by witness; all where it is met
    by none.
    """
    names = {(w.key.name, w.key.key_id): w.name for w in policy.witnesses}
    newest: dict[str, NoteSignature] = {}
    for line in sorted(lines, key=lambda one: cosignature_time(one.signature)):
        newest[names[line.name, line.key_id]] = line
    # Newest first, and of those the ones that the quorum cannot do without.
    kept = dict(sorted(newest.items(), key=_time_of, reverse=True))
    if policy.is_quorum(()):
        return dict(islice(kept.items(), MAX_COSIGNATURES))
    for name in reversed(list(kept)):
        if policy.is_quorum(kept.keys() - {name}):
            del kept[name]
    return kept


def _time_of(item: tuple[str, NoteSignature]) -> int:
    return cosignature_time(item[1].signature)


def _brought(
    envelope: Envelope, keys: Mapping[str, PublicKey]
) -> Iterator[BroughtSignature]:
    for each in envelope.signatures:
        key = keys.get(each.keyid)
        if key is None or each.delegation is not None:
            raise MalformedInput(
                "unfit_for_code", field=each.keyid, wanted="a key of its own, shown"
            )
        yield BroughtSignature(key.alg, key.spki, each)
