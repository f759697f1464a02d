"""Evidence by keys of every sort: lent, of P-256, passkeys, post-quantum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import ec

from apps.core.bodies import KeyEnrol
from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    pae,
)
from apps.core.keys import WEBAUTHN_ES256, PublicKey, load_public_key
from apps.core.leaf import key_tag
from apps.core.notekey import SignatureType, SignerKey
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import Statement, build_statement
from apps.core.subjects import Subject
from tests.agreement.scene import Scene, grown, proven
from tests.core.outside import small_ledger as cast
from tests.core.signing.test_webauthn import assertion, evidence

_CURVE = ec.derive_private_key(
    int.from_bytes(cast.fixed("a key of P-256")), ec.SECP256R1()
)


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
    return _signed_by(signature, said, payload, grown())


def _signed_by(
    signature: Signature, said: Statement, payload: bytes, ledger: cast.Ledger
) -> Scene:
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
    )
    ledger.append_envelope("last", envelope, said)
    ledger.close()
    return proven(ledger, keys=tuple(ledger.said))


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
    ledger = grown()
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
    scene = proven(ledger)
    return replace(scene, policy=quorum.policy)
