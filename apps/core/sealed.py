"""Do the signatures of stored statements hold, and those of their receipts?

Each is checked under the key whose id it bears. Whether that key may speak, and say
this, is another question (see `speech`), which needs all that was said before; this one
needs nothing but the bytes, so any number of processes may share the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from .delegation import read_delegation
from .envelope import (
    Envelope,
    Signature,
    join_envelope,
    open_sealed,
    parse_envelope,
)
from .errors import TraceError
from .keys import PublicKey, load_public_key
from .receipt import verify_receipt_signature
from .signing import WebauthnScope, verify_signature

# Algorithm and SPKI by keyid: loaded keys cannot go to another process.
Keys: TypeAlias = Mapping[str, tuple[str, bytes]]


class Sealed(NamedTuple):
    """What is stored of a statement's envelope and of its receipt's.

    Args:
        statement_id, envelope_digest, keyids: as its row has them; the keyids with a
            blank between.
        signatures: RFC 8785 bytes of the envelope's signatures.
        receipt: JSON bytes of the receipt's envelope.
    """

    statement_id: str
    envelope_digest: bytes
    keyids: str
    payload: bytes
    signatures: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True)
class SealedBatch:
    """Some statements, and the keys that signed them.

    Args:
        keys: of those who signed, as far as anybody enrolled them.
        receipt_keys: those that genesis names.
        webauthn: relying party of genesis; None before it.
    """

    rows: Sequence[Sealed]
    keys: Keys
    receipt_keys: Keys
    webauthn: WebauthnScope | None


class Fault(NamedTuple):
    """What does not hold, and where.

    Args:
        row: which of the batch, from 0.
        part: "statement" or "receipt".
        field: may be empty.
    """

    row: int
    part: str
    code: str
    field: str
    got: str
    wanted: str


_Why: TypeAlias = tuple[str, str, str, str]  # code, field, got, wanted


class SealJudge:
    """Called with batches, it answers with all that does not hold.

    A key that nobody enrolled is not judged here: `speech` refuses it.
    """

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, bytes], PublicKey] = {}

    def __call__(self, batch: SealedBatch) -> list[Fault]:
        """The faults, in the order of the rows."""
        faults: list[Fault] = []
        for number, row in enumerate(batch.rows):
            for why in self._judge_statement(row, batch):
                faults.append(Fault(number, "statement", *why))
            for why in self._judge_receipt(row, batch):
                faults.append(Fault(number, "receipt", *why))
        return faults

    def _judge_statement(self, row: Sealed, batch: SealedBatch) -> list[_Why]:
        found: list[_Why] = []
        try:
            envelope = open_sealed(payload=row.payload, signatures=row.signatures)
            pae = envelope.pae
            found += _judge_facts(row, envelope, pae)
            for signature in envelope.signatures:
                found += self._judge_signature(signature, pae, batch)
        except TraceError as error:
            found.append(_why(error))
        return found

    def _judge_signature(
        self, signature: Signature, pae: bytes, batch: SealedBatch
    ) -> list[_Why]:
        """What its key makes of it; of a device key, and of who lent it the voice."""
        lent, webauthn = signature.delegation, batch.webauthn
        if lent is None:
            key = self._find(signature.keyid, batch.keys)
            return _judge(key, pae, signature, webauthn)
        delegation, keyid = read_delegation(signature)
        delegator = self._find(keyid, batch.keys)
        return [
            *_judge(delegation.key, pae, signature, webauthn),
            *_judge(delegator, lent.pae, lent.signatures[0], webauthn),
        ]

    def _judge_receipt(self, row: Sealed, batch: SealedBatch) -> list[_Why]:
        try:
            receipt = parse_envelope(row.receipt)
            for each in receipt.signatures:
                key = self._find(each.keyid, batch.receipt_keys)
                if key is not None:
                    verify_receipt_signature(envelope=receipt, key=key)
                    return []
        except TraceError as error:
            return [_why(error)]
        return [("unknown_receipt_key", "", "", "")]

    def _find(self, keyid: str, keys: Keys) -> PublicKey | None:
        named = keys.get(keyid)
        if named is None:
            return None
        key = self._loaded.get(named)
        if key is None:
            alg, spki = named
            key = self._loaded[named] = load_public_key(spki=spki, alg=alg)
        return key


def _judge(
    key: PublicKey | None,
    pae: bytes,
    signature: Signature,
    webauthn: WebauthnScope | None,
) -> list[_Why]:
    if key is None:
        return []
    try:
        verify_signature(key=key, pae=pae, signature=signature, webauthn=webauthn)
    except TraceError as error:
        return [_why(error)]
    return []


def _judge_facts(row: Sealed, envelope: Envelope, pae: bytes) -> list[_Why]:
    joined = join_envelope(payload=row.payload, signatures=row.signatures)
    name, digest = sha256(pae).hexdigest(), sha256(joined).digest()
    keyids = " ".join([each.keyid for each in envelope.signatures])
    if row[:3] == (name, digest, keyids):
        return []
    facts = (
        ("statement_id", row.statement_id, name),
        ("envelope_digest", row.envelope_digest.hex(), digest.hex()),
        ("keyids", row.keyids, keyids),
    )
    return [
        (f"{fact}_differs", "", got, wanted)
        for fact, got, wanted in facts
        if got != wanted
    ]


def _why(error: TraceError) -> _Why:
    return error.code, error.field or "", error.got or "", error.wanted
