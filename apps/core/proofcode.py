"""The proof code: what shows one pack, in bytes that fit one QR code.

Nothing is said twice: leaf, commitment, the log's root and the text of its head are
computed by the reader, and so is the keyid of a key that stands here whole.
Source: docs/formats.md, "Proof code"; ADR 20.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from .codeparts import (
    SIGNATURE_SIZE,
    BroughtSignature,
    Cosignature,
    encode_cosignature,
    encode_signature,
    number,
    pack_payload,
    read_cosignature,
    read_payload,
    read_serial,
    read_signature,
    sized,
    verify_order,
)
from .digits import decode_digits, encode_digits
from .encoding import LAST_MS
from .envelope import MAX_SIGNATURES
from .errors import MalformedInput
from .leaf import ZEROS
from .merkle import HASH_SIZE
from .note import KEY_ID_SIZE
from .octets import Octets
from .proof import MAX_PATH
from .ranges import MAX_ORDINAL
from .serials import SALT_SIZE
from .strict import MAX_INT64, parse_utf8

PREFIX: Final = "PTP1:"
VERSION: Final = 1
MAX_CODE_BYTES: Final = 2_900
MAX_COSIGNATURES: Final = 16
_MAX_TEXT: Final = 20_000
_MAX_ADDRESS: Final = 2_048
_MAX_SERIAL_PATH: Final = 53
_CHECKSUM_SIZE: Final = 4


@dataclass(frozen=True, slots=True)
class ProofCode:
    """A proof code that was read; nothing of it is verified.

    Args:
        log_key_id: 4 bytes; the policy tells the log's name and key.
        inclusion_path, serial_path: 32 bytes each, the leaf's sibling first.
        signatures: ascending by keyid.
        payload: the statement's bytes.
        ordinal, serial_salt, serial_path, serial: the pack in the serial tree.
    """

    log_key_id: bytes
    tree_size: int
    log_signature: bytes
    cosignatures: tuple[Cosignature, ...]
    index: int
    inclusion_path: tuple[bytes, ...]
    time_ms: int
    chain_seq: int
    prev_leaf_hash: bytes
    salt: bytes
    accepted_ms: int
    signatures: tuple[BroughtSignature, ...]
    payload: bytes
    ordinal: int
    serial_salt: bytes
    serial_path: tuple[bytes, ...]
    serial: str

    def encode(self) -> bytes:
        """The code's bytes.

        Raises:
            MalformedInput: `too_large`: it does not fit; `bad_proof_code`: it would
                not be read back.
        """
        packed = pack_payload(self.payload)
        parts = [
            number(VERSION, 1),
            self.log_key_id,
            number(self.tree_size, 8),
            self.log_signature,
            number(len(self.cosignatures), 1),
            *(encode_cosignature(each) for each in self.cosignatures),
            number(self.index, 8),
            _hashes(self.inclusion_path),
            number(self.time_ms, 8),
            number(self.chain_seq, 8),
            self.prev_leaf_hash if self.chain_seq else b"",
            self.salt,
            number(self.accepted_ms, 8),
            number(len(self.signatures), 1),
            *(encode_signature(each) for each in self.signatures),
            number(len(self.payload), 2),
            sized(packed, 2),
            number(self.ordinal, 8),
            self.serial_salt,
            _hashes(self.serial_path),
            sized(self.serial.encode("ascii", "replace"), 1),
        ]
        body = b"".join(parts)
        code = body + sha256(body).digest()[:_CHECKSUM_SIZE]
        if parse_proof_code(code) != self:
            raise MalformedInput("bad_proof_code", wanted="what is read back alike")
        return code

    def format(self) -> str:
        """The code as text, as in the QR code; errors as `encode`."""
        return PREFIX + encode_digits(self.encode())


def parse_code_text(text: str) -> ProofCode:
    """Read a proof code as text; what precedes its last `#` is an address.

    Raises:
        MalformedInput: `too_large`, `not_a_proof_code`, `bad_digits`, and those of
            `parse_proof_code`.
    """
    if len(text) > _MAX_TEXT:
        raise MalformedInput("too_large", field="code", got=f"{len(text)} characters")
    bare = text.rpartition("#")[2].strip()
    if not bare.startswith(PREFIX):
        raise MalformedInput("not_a_proof_code", field="code", got=bare, wanted=PREFIX)
    return parse_proof_code(decode_digits(bare.removeprefix(PREFIX), field="code"))


def is_code(data: bytes) -> bool:
    """Whether a file is meant as a proof code, with or without an address ahead."""
    return PREFIX.encode() in data[:_MAX_ADDRESS]


def read_code_file(data: bytes) -> ProofCode:
    """As `parse_code_text`, of a file's bytes; also `not_utf8`."""
    return parse_code_text(parse_utf8(data, field="code"))


def parse_proof_code(data: bytes) -> ProofCode:
    """Read the bytes of a proof code; nothing is verified here.

    Raises:
        MalformedInput: `too_large`; `code_damaged`: the checksum; `unknown_version`;
            `bad_proof_code`: anything else.
    """
    if len(data) > MAX_CODE_BYTES:
        raise MalformedInput(
            "too_large",
            field="code",
            got=f"{len(data)} bytes",
            wanted=f"at most {MAX_CODE_BYTES} bytes",
        )
    body, checksum = data[:-_CHECKSUM_SIZE], data[-_CHECKSUM_SIZE:]
    if not body or sha256(body).digest()[:_CHECKSUM_SIZE] != checksum:
        raise MalformedInput("code_damaged", field="code", got=f"{len(data)} bytes")
    if body[0] != VERSION:
        raise MalformedInput(
            "unknown_version", field="code", got=body[0], wanted=str(VERSION)
        )
    return _read(Octets(body[1:], code="bad_proof_code"))


def _read(octets: Octets) -> ProofCode:
    head = (
        octets.take(KEY_ID_SIZE, "log_key_id"),
        octets.number(8, "tree_size", least=1, most=MAX_INT64),
        octets.take(SIGNATURE_SIZE, "log_signature"),
        octets.each(
            "cosignatures",
            lambda field: read_cosignature(octets, field),
            most=MAX_COSIGNATURES,
        ),
    )
    place = (
        octets.number(8, "index", most=MAX_INT64),
        _read_path(octets, "inclusion_path", most=MAX_PATH),
    )
    time_ms = octets.number(8, "time_ms", most=LAST_MS)
    chain_seq = octets.number(8, "chain_seq")
    code = ProofCode(
        *head,
        *place,
        time_ms=time_ms,
        chain_seq=chain_seq,
        # The first leaf of a chain has no predecessor.
        prev_leaf_hash=octets.take(HASH_SIZE, "prev") if chain_seq else ZEROS,
        salt=octets.take(HASH_SIZE, "salt"),
        accepted_ms=octets.number(8, "accepted_ms", most=LAST_MS),
        signatures=octets.each(
            "signatures",
            lambda field: read_signature(octets, field),
            least=1,
            most=MAX_SIGNATURES,
        ),
        payload=read_payload(octets),
        ordinal=octets.number(8, "ordinal", most=MAX_ORDINAL),
        serial_salt=octets.take(SALT_SIZE, "serial_salt"),
        serial_path=_read_path(octets, "serial_path", most=_MAX_SERIAL_PATH),
        serial=read_serial(octets),
    )
    octets.close()
    ids = [each.key_id.hex() for each in code.cosignatures]
    verify_order(octets, ids, "cosignatures")
    verify_order(octets, [each.signature.keyid for each in code.signatures], "keyids")
    return code


def _read_path(octets: Octets, field: str, *, most: int) -> tuple[bytes, ...]:
    return octets.each(field, lambda each: octets.take(HASH_SIZE, each), most=most)


def _hashes(path: Sequence[bytes]) -> bytes:
    return number(len(path), 1) + b"".join(path)
