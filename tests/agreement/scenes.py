"""Evidence that holds, of every sort: what tampering starts from."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from apps.core.bodies import EventsFile, KeyEnrol
from apps.core.canonical import canonical_bytes
from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_json,
    pae,
    statement_id,
)
from apps.core.epcis import event_json
from apps.core.events import events_root, line_leaf
from apps.core.keys import WEBAUTHN_ES256, PublicKey, load_public_key
from apps.core.leaf import key_tag
from apps.core.notekey import SignatureType, SignerKey
from apps.core.ranges import set_digest
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import Statement, build_statement
from apps.core.subjects import EventsRoot, Moved, Subject
from tests.agreement.judging import Question
from tests.agreement.mutations import dumped
from tests.core.outside import small_ledger as cast
from tests.core.signing.epcis_cast import EVENTS
from tests.core.signing.test_webauthn import assertion, evidence

KEYS = ("genesis", "admit", "enrol")
_CURVE = ec.derive_private_key(
    int.from_bytes(cast.fixed("a key of P-256")), ec.SECP256R1()
)


@dataclass
class Scene:
    """Documents and texts that together are proven, and by what policy."""

    documents: list[Any]
    genesis_id: str = ""
    policy: bytes = cast.POLICY

    def question(self) -> Question:
        files = tuple(map(as_file, self.documents))
        return Question(files, self.policy, self.genesis_id)


def as_file(document: Any) -> bytes:
    """JSON as a file; bytes and texts as they are."""
    if isinstance(document, str):
        return document.encode()
    return document if isinstance(document, bytes) else dumped(document)


def _grown(*later: tuple[str, Statement, tuple[str, ...]]) -> cast.Ledger:
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.seal()
    for name, statement, signers in later:
        ledger.append(name, statement, *signers)
    return ledger


def _id(ledger: cast.Ledger) -> str:
    return statement_id(ledger.said["genesis"][0])


def _proven(ledger: cast.Ledger, name: str = "last", keys: Any = KEYS) -> Scene:
    shown = [each for each in keys if each != name]
    return Scene([ledger.proof(name, keys=shown)], _id(ledger))


def commissioning() -> Scene:
    """A lot of three packs, and the receipt for it."""
    ledger = cast.small_ledger()
    scene = _proven(ledger, "commission")
    scene.documents.append(envelope_json(ledger.receipt("commission")))
    return scene


def enrolment() -> Scene:
    """Two leaves, under the first run of the log."""
    return _proven(cast.small_ledger(), "enrol")


def genesis() -> Scene:
    """Leaf 0."""
    return _proven(cast.small_ledger(), "genesis", KEYS[:1])


def keys_apart() -> Scene:
    """The keys are shown by files of their own."""
    ledger = cast.small_ledger()
    said = [envelope_json(ledger.said[name][0]) for name in KEYS]
    return Scene([ledger.proof("commission"), *said], _id(ledger))


def unrooted() -> Scene:
    """Nobody said which genesis is meant."""
    return replace(commissioning(), genesis_id="")


def bare() -> Scene:
    """A tlog-proof and its leaf."""
    ledger = cast.small_ledger()
    return Scene([ledger.place(6), ledger.leaves[6].encode().hex()])


def late() -> Scene:
    """A run left the statement waiting."""
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.seal()
    ledger.time_ms = cast.AT + 200_000
    ledger.append("later", cast.enrol("later"), "nora", "later")
    ledger.seal()
    ledger.append("last", cast.commission(), "nils")
    ledger.seal()
    for number in range(9):
        ledger.append(f"more {number}", cast.enrol(f"n{number}"), "nora", f"n{number}")
    ledger.close()
    return _proven(ledger)


def file_of_events() -> Scene:
    """Two new containers in one file."""
    box = event_json(EVENTS["commission_container"])
    lines = 2 * (canonical_bytes({"event": box, "parents": []}) + b"\n")
    nothing = Moved(0, set_digest(()))
    root = events_root(
        line_leaf(number=number, event=box, parents=(), moved=nothing)
        for number in range(2)
    )
    return _with_file(lines, root)


def file_of_packs() -> Scene:
    """A file whose root takes lists of serials."""
    names = ("commission_container", "dispense")
    lines = b"".join(
        canonical_bytes({"event": event_json(EVENTS[name]), "parents": []}) + b"\n"
        for name in names
    )
    return _with_file(lines, EventsRoot(2, cast.fixed("a root")))


def _with_file(lines: bytes, root: EventsRoot) -> Scene:
    subject = Subject(cast.fixed("a tag"), events=root)
    body = EventsFile.of(lines).to_json()
    said = cast.statement("events", cast.NOVAMED, "nils", [subject], body)
    ledger = _grown(("last", said, ("nils",)))
    ledger.close()
    scene = _proven(ledger)
    scene.documents.append(lines)
    return scene


def lent_voice() -> Scene:
    """A device key signs for Nils."""
    device = cast.key("device")
    delegation = Delegation(
        ledger=cast.ORIGIN,
        by=cast.NOVAMED,
        signer="id-of-nils",
        role="signer",
        site=cast.PLANT,
        key=public_key_of(device),
        from_ms=cast.AT,
        to_ms=cast.AT + 3_600_000,
    )
    lent = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(delegation),
        private_keys=[cast.key("nils")],
    )
    said = cast.commission()
    payload = build_statement(said)
    signature = Signature(
        public_key_of(device).keyid,
        sign(device, pae(STATEMENT_TYPE, payload)),
        delegation=lent,
    )
    return _signed_by(signature, said, payload, _grown())


def _signed_by(
    signature: Signature, said: Statement, payload: bytes, ledger: cast.Ledger
) -> Scene:
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
    )
    ledger.append_envelope("last", envelope, said)
    ledger.close()
    return _proven(ledger, keys=tuple(ledger.said))


def curve() -> Scene:
    """A key of P-256, enrolled and signing."""
    return _by_curve(public_key_of(_CURVE), _plain)


def passkey() -> Scene:
    """A passkey, enrolled and signing."""
    return _by_curve(*curve_passkey())


def curve_passkey() -> tuple[PublicKey, Callable[[bytes], Signature]]:
    """A passkey, and how it signs a PAE."""
    key = load_public_key(spki=public_key_of(_CURVE).spki, alg=WEBAUTHN_ES256)
    return key, lambda covered: assertion(_CURVE, evidence(covered))


def _plain(covered: bytes) -> Signature:
    return Signature(public_key_of(_CURVE).keyid, sign(_CURVE, covered))


def _by_curve(key: PublicKey, signed: Callable[[bytes], Signature]) -> Scene:
    tag = key_tag(cast.TAG_KEY, keyid=key.keyid)
    body = KeyEnrol(cast.NOVAMED, key, "id-of-curve", "signer", tag).to_json()
    subjects = [cast.party(cast.NOVAMED), Subject(tag)]
    enrol = cast.statement("key.enrol", cast.NOVAMED, "nora", subjects, body)
    payload = build_statement(enrol)
    covered = pae(STATEMENT_TYPE, payload)
    nora = cast.key("nora")
    own = Signature(public_key_of(nora).keyid, sign(nora, covered))
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE,
        payload=payload,
        signatures=[own, signed(covered)],
    )
    ledger = _grown()
    ledger.append_envelope("curve", envelope, enrol)
    said = replace(cast.commission(), signer="id-of-curve")
    payload = build_statement(said)
    signature = signed(pae(STATEMENT_TYPE, payload))
    return _signed_by(signature, said, payload, ledger)


@dataclass
class Quorum:
    """A log with two keys, three witnesses, of whom two must have seen the head."""

    log_pq: SignerKey = field(
        default_factory=lambda: SignerKey(
            cast.ORIGIN, SignatureType.COSIGNATURE_MLDSA44, cast.fixed("log pq")
        )
    )
    chemists: SignerKey = field(
        default_factory=lambda: SignerKey(
            "chemists.example",
            SignatureType.COSIGNATURE_MLDSA44,
            cast.fixed("chemists"),
        )
    )
    rival: SignerKey = field(
        default_factory=lambda: SignerKey(
            "rival.example", SignatureType.COSIGNATURE_ED25519, cast.fixed("rival")
        )
    )

    @property
    def policy(self) -> bytes:
        return (
            "# two of three\n"
            f"log {cast.LOG.verifier.format()} https://{cast.ORIGIN}/\n"
            f"log {self.log_pq.verifier.format()}\n"
            f"witness regulator {cast.WITNESS.verifier.format()}\n"
            f"witness chemists {self.chemists.verifier.format()} https://c.example/\n"
            f"\twitness  rival {self.rival.verifier.format()}\n"
            "group both 2 regulator chemists\n"
            "group some any both rival\n"
            "quorum some\n"
        ).encode()


def quantum() -> Scene:
    """Heads signed and cosigned with ML-DSA too, a policy with groups."""
    quorum = Quorum()
    said = cast.genesis()
    vkeys = [*said.body["log_vkeys"], quorum.log_pq.verifier.format()]
    said = replace(said, body={**said.body, "log_vkeys": vkeys})
    ledger = cast.Ledger()
    ledger.append("genesis", said, "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.append("last", cast.commission(), "nils")
    stranger = SignerKey("stranger.example", SignatureType.ED25519, cast.fixed("s"))
    ledger.close(cast.LOG, quorum.log_pq, cast.WITNESS, quorum.chemists, stranger)
    scene = _proven(ledger)
    return replace(scene, policy=quorum.policy)


SCENES: dict[str, Callable[[], Scene]] = {
    each.__name__: each
    for each in (
        commissioning, enrolment, genesis, keys_apart, unrooted, bare, late,
        file_of_events, file_of_packs, lent_voice, curve, passkey, quantum,
    )
}  # fmt: skip


def digest(data: bytes) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()
