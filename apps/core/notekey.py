"""The keys that sign notes: vkey and skey strings, and what each type signs.

Three signature types, a closed set: Ed25519 over the text (0x01, logs), and the
time-stamped cosignatures of C2SP tlog-cosignature, Ed25519 (0x04, witnesses) and
ML-DSA-44 (0x06, logs and witnesses).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from hashlib import sha256
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
)

from .checkpoint import Checkpoint
from .errors import MalformedInput, UntrustedSignature
from .note import KEY_ID_SIZE, NoteSignature, require_key_name
from .strict import MAX_INT64, format_base64, parse_base64

_TIME_SIZE = 8
_SEED_SIZE = 32
_SKEY_START = "PRIVATE+KEY+"


class SignatureType(IntEnum):
    """The signature type identifier bytes of signed-note that we know."""

    ED25519 = 0x01
    COSIGNATURE_ED25519 = 0x04
    COSIGNATURE_MLDSA44 = 0x06

    @property
    def is_timestamped(self) -> bool:
        """Whether a signature starts with the time at which it was made."""
        return self is not SignatureType.ED25519


_PUBLIC_SIZES = {
    SignatureType.ED25519: 32,
    SignatureType.COSIGNATURE_ED25519: 32,
    SignatureType.COSIGNATURE_MLDSA44: 1312,
}


def _key_id(name: str, kind: SignatureType, public_key: bytes) -> bytes:
    identified = name.encode() + b"\n" + bytes([kind]) + public_key
    return sha256(identified).digest()[:KEY_ID_SIZE]


def _opaque(text: str, *, field_name: str) -> bytes:
    """A TLS presentation language `opaque<1..2^8-1>` of the text's UTF-8."""
    data = text.encode()
    if not 0 < len(data) < 256:
        raise MalformedInput("bad_length", field=field_name, got=len(data))
    return bytes([len(data)]) + data


def signed_message(
    kind: SignatureType, *, name: str, text: str, time_seconds: int
) -> bytes:
    """The bytes that a key of this type and name signs for the note text.

    Raises:
        MalformedInput: ML-DSA-44, and `text` is not a checkpoint.
    Source: signed-note, "Ed25519 signatures"; tlog-cosignature, "signed message".
    """
    if kind is SignatureType.ED25519:
        return text.encode()
    if kind is SignatureType.COSIGNATURE_ED25519:
        return f"cosignature/v1\ntime {time_seconds}\n{text}".encode()
    head = Checkpoint.parse(text)
    return b"".join(
        (
            b"subtree/v1\n\0",
            _opaque(name, field_name="key.name"),
            time_seconds.to_bytes(8, "big"),
            _opaque(head.origin, field_name="checkpoint.origin"),
            bytes(8),  # start: a checkpoint is the subtree from leaf 0
            head.tree_size.to_bytes(8, "big"),
            head.root_hash,
        )
    )


def cosignature_time(signature: bytes) -> int:
    """The POSIX time in seconds at the start of a time-stamped signature.

    Raises:
        MalformedInput: too short, or above 2^63 - 1.
    """
    time_seconds = int.from_bytes(signature[:_TIME_SIZE], "big")
    if len(signature) <= _TIME_SIZE or time_seconds > MAX_INT64:
        raise MalformedInput("bad_cosignature", field="note.signature")
    return time_seconds


def _parse_key_parts(
    text: str, *, what: str
) -> tuple[str, bytes, SignatureType, bytes]:
    name, *rest = text.split("+", 2)
    if len(rest) != 2:
        raise MalformedInput("bad_key", field=what, wanted="name+key id+key")
    require_key_name(name, field=f"{what}.name")
    key_id_hex, encoded = rest
    material = parse_base64(encoded, field=what)
    try:
        kind = SignatureType(material[0])
        key_id = bytes.fromhex(key_id_hex)
    except (IndexError, ValueError) as error:
        raise MalformedInput(
            "bad_key", field=what, wanted="hex key id, type 0x01, 0x04 or 0x06"
        ) from error
    if key_id.hex() != key_id_hex:
        raise MalformedInput("bad_key", field=what, wanted="lowercase hex key id")
    return name, key_id, kind, material[1:]


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A named public key of one signature type; a `note.NoteVerifier`."""

    name: str
    kind: SignatureType
    public_key: bytes
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        require_key_name(self.name, field="key.name")
        wanted = _PUBLIC_SIZES[self.kind]
        if len(self.public_key) != wanted:
            raise MalformedInput(
                "bad_length", field="key", got=len(self.public_key), wanted=str(wanted)
            )
        key_id = _key_id(self.name, self.kind, self.public_key)
        object.__setattr__(self, "key_id", key_id)

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that a vkey string spells.

        Raises:
            MalformedInput: not a vkey, a type we do not know, a wrong key id.
        Source: signed-note, "Verifier keys".
        """
        name, key_id, kind, public_key = _parse_key_parts(text, what="vkey")
        key = cls(name, kind, public_key)
        if key.key_id != key_id:
            raise MalformedInput(
                "bad_key_id", field="vkey", got=key_id.hex(), wanted=key.key_id.hex()
            )
        return key

    def format(self) -> str:
        """The vkey string."""
        material = format_base64(bytes([self.kind]) + self.public_key)
        return f"{self.name}+{self.key_id.hex()}+{material}"

    def verify(self, text: str, signature: bytes) -> None:
        """Check this key's signature (without key id) over the note text.

        Raises:
            UntrustedSignature: it does not verify, or has a wrong form.
        """
        time_seconds = 0
        try:
            if self.kind.is_timestamped:
                time_seconds = cosignature_time(signature)
                signature = signature[_TIME_SIZE:]
            message = signed_message(
                self.kind, name=self.name, text=text, time_seconds=time_seconds
            )
            self.verify_message(signature, message)
        except (MalformedInput, InvalidSignature, ValueError) as error:
            raise UntrustedSignature(
                "bad_note_signature", field="note", got=self.name
            ) from error

    def verify_message(self, signature: bytes, message: bytes) -> None:
        """Check the bare signature over the exact bytes that a type signs.

        Raises:
            InvalidSignature, ValueError: it does not verify, or has a wrong form.
        """
        if self.kind is SignatureType.COSIGNATURE_MLDSA44:
            public = MLDSA44PublicKey.from_public_bytes(self.public_key)
            public.verify(signature, message)
        else:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(
                signature, message
            )


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A named private key of one signature type; a `checkpoint.CheckpointSigner`.

    The 32-byte seed never shows in `repr`.
    """

    name: str
    kind: SignatureType
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        require_key_name(self.name, field="key.name")
        if len(self.seed) != _SEED_SIZE:
            raise MalformedInput("bad_length", field="skey", wanted="a 32-byte seed")

    @classmethod
    def generate(cls, name: str, kind: SignatureType) -> Self:
        """A fresh key from the system's random source."""
        if kind is SignatureType.COSIGNATURE_MLDSA44:
            return cls(name, kind, MLDSA44PrivateKey.generate().private_bytes_raw())
        return cls(name, kind, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key that a skey string `PRIVATE+KEY+name+id+base64` spells.

        Raises:
            MalformedInput: not a skey, or a wrong key id; the text is not repeated.
        """
        if not text.startswith(_SKEY_START):
            raise MalformedInput("bad_key", field="skey", wanted=_SKEY_START)
        rest = text.removeprefix(_SKEY_START)
        try:
            name, key_id, kind, seed = _parse_key_parts(rest, what="skey")
            key = cls(name, kind, seed)
        except MalformedInput as error:
            # The refusal may quote what it read, which is a secret here.
            raise MalformedInput(error.code, field="skey") from None
        if key.verifier.key_id != key_id:
            raise MalformedInput("bad_key_id", field="skey")
        return key

    def format(self) -> str:
        """The skey string: a secret."""
        material = format_base64(bytes([self.kind]) + self.seed)
        return f"{_SKEY_START}{self.name}+{self.verifier.key_id.hex()}+{material}"

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        if self.kind is SignatureType.COSIGNATURE_MLDSA44:
            private = MLDSA44PrivateKey.from_seed_bytes(self.seed)
            public = private.public_key().public_bytes_raw()
        else:
            ed25519 = Ed25519PrivateKey.from_private_bytes(self.seed)
            public = ed25519.public_key().public_bytes_raw()
        return VerifierKey(self.name, self.kind, public)

    def sign(self, text: str, *, time_seconds: int = 0) -> NoteSignature:
        """This key's line over the note text; Ed25519 notes carry no time.

        Raises:
            MalformedInput: a time that is not a u63, or ML-DSA-44 over a text that
                is not a checkpoint.
        """
        if not 0 <= time_seconds <= MAX_INT64:
            raise MalformedInput("bad_time", field="time_seconds", got=time_seconds)
        message = signed_message(
            self.kind, name=self.name, text=text, time_seconds=time_seconds
        )
        if self.kind is SignatureType.COSIGNATURE_MLDSA44:
            signature = MLDSA44PrivateKey.from_seed_bytes(self.seed).sign(message)
        else:
            private = Ed25519PrivateKey.from_private_bytes(self.seed)
            signature = private.sign(message)
        if self.kind.is_timestamped:
            signature = time_seconds.to_bytes(_TIME_SIZE, "big") + signature
        return NoteSignature(self.name, self.verifier.key_id, signature)
