"""Do the signatures of stored statements hold, and those of their receipts?

Each is checked under the key whose id it bears. Whether that key may speak, and say
this, is another question (see `speech`), which needs all that was said before; this one
needs nothing but the bytes, so any number of processes may share the work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    statement_id,
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
        is_of_receipt: in its receipt, not in itself.
        field: may be empty.
    """

    row: int
    is_of_receipt: bool
    code: str
    field: str
    got: str
    wanted: str


_Why: TypeAlias = tuple[str, str, str, str]  # code, field, got, wanted
_Claim: TypeAlias = tuple[PublicKey, bytes, Signature]  # key, what is covered


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
                faults.append(Fault(number, False, *why))
            for why in self._judge_receipt(row, batch):
                faults.append(Fault(number, True, *why))
        return faults

    def _judge_statement(self, row: Sealed, batch: SealedBatch) -> Iterator[_Why]:
        try:
            envelope = open_sealed(payload=row.payload, signatures=row.signatures)
            yield from _judge_facts(row, envelope)
            for signature in envelope.signatures:
                for claim in self._claims(signature, envelope.pae, batch.keys):
                    yield from _judge_claim(claim, batch.webauthn)
        except TraceError as error:
            yield _why(error)

    def _judge_receipt(self, row: Sealed, batch: SealedBatch) -> Iterator[_Why]:
        try:
            receipt = parse_envelope(row.receipt)
            keys = [
                key
                for each in receipt.signatures
                if (key := self._find(each.keyid, batch.receipt_keys))
            ]
            if not keys:
                yield ("unknown_receipt_key", "", "", "")
                return
            verify_receipt_signature(envelope=receipt, key=keys[0])
        except TraceError as error:
            yield _why(error)

    def _claims(self, signature: Signature, pae: bytes, keys: Keys) -> Iterator[_Claim]:
        """What a signature says was signed, and under which keys."""
        key, lent = self._find(signature.keyid, keys), signature.delegation
        if lent is not None:
            # The device key signed the statement; the enrolled key lent its voice.
            delegation, keyid = read_delegation(signature)
            yield delegation.key, pae, signature
            key, pae, signature = self._find(keyid, keys), lent.pae, lent.signatures[0]
        if key is not None:
            yield key, pae, signature

    def _find(self, keyid: str, keys: Keys) -> PublicKey | None:
        named = keys.get(keyid)
        if named is None:
            return None
        if named not in self._loaded:
            alg, spki = named
            self._loaded[named] = load_public_key(spki=spki, alg=alg)
        return self._loaded[named]


def _judge_claim(claim: _Claim, webauthn: WebauthnScope | None) -> Iterator[_Why]:
    key, pae, signature = claim
    try:
        verify_signature(key=key, pae=pae, signature=signature, webauthn=webauthn)
    except TraceError as error:
        yield _why(error)


def _judge_facts(row: Sealed, envelope: Envelope) -> Iterator[_Why]:
    joined = join_envelope(payload=row.payload, signatures=row.signatures)
    for fact, got, wanted in (
        ("statement_id", row.statement_id, statement_id(envelope)),
        ("envelope_digest", row.envelope_digest.hex(), sha256(joined).hexdigest()),
        ("keyids", row.keyids, " ".join([each.keyid for each in envelope.signatures])),
    ):
        if got != wanted:
            yield (f"{fact}_differs", "", got, wanted)


def _why(error: TraceError) -> _Why:
    return error.code, error.field or "", error.got or "", error.wanted
