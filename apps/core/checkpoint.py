"""C2SP checkpoints: the signed statement of a log's size and root.

The ledger's own heads carry no extension lines: witnesses refuse them, and the
ML-DSA line does not cover them. Parsing keeps those of other logs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self

from .errors import MalformedInput, UntrustedSignature
from .merkle import HASH_SIZE
from .note import Note, NoteSignature, NoteVerifier, get_trusted_signatures
from .strict import MAX_INT64, format_base64, parse_base64, parse_decimal


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: whose log, how many leaves, which root."""

    origin: str
    tree_size: int
    root_hash: bytes
    extensions: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """A checkpoint from the text of its note.

        Raises:
            MalformedInput: fewer than three lines, an empty one, a size that is not
                decimal, a root that is not the base64 of 32 bytes.
        """
        lines = text.removesuffix("\n").split("\n")
        if not text.endswith("\n") or len(lines) < 3 or not all(lines):
            raise MalformedInput(
                "bad_checkpoint",
                field="checkpoint",
                got=text,
                wanted="origin, size, root, each on a line",
            )
        origin, size, root, *extensions = lines
        return cls(
            origin=origin,
            tree_size=parse_decimal(size, field="checkpoint.size"),
            root_hash=parse_base64(root, field="checkpoint.root", size_bytes=HASH_SIZE),
            extensions=tuple(extensions),
        )

    def format(self) -> str:
        """The text to be signed.

        Raises:
            MalformedInput: a field could not be read back from that text.
        """
        lines = [self.origin, *self.extensions]
        if any(not line or min(line) < " " for line in lines):
            raise MalformedInput("bad_checkpoint", field="checkpoint", got=lines)
        if not 0 <= self.tree_size <= MAX_INT64 or len(self.root_hash) != HASH_SIZE:
            raise MalformedInput("bad_checkpoint", field="checkpoint", got=self)
        root = format_base64(self.root_hash)
        lines = [self.origin, str(self.tree_size), root, *self.extensions]
        return "\n".join(lines) + "\n"


class CheckpointSigner(Protocol):
    """A key that can add one signature line to a checkpoint."""

    def sign(self, text: str, *, time_seconds: int) -> NoteSignature:
        """The signature line over `text` at this POSIX time."""
        ...


def sign_checkpoint(
    checkpoint: Checkpoint, signers: Sequence[CheckpointSigner], *, time_seconds: int
) -> Note:
    """The note of a checkpoint of our own log, one line for each signer.

    Raises:
        MalformedInput: it has extension lines, or cannot be written.
    """
    _refuse_extensions(checkpoint)
    text = checkpoint.format()
    lines = [signer.sign(text, time_seconds=time_seconds) for signer in signers]
    return Note(text, tuple(lines))


def _refuse_extensions(checkpoint: Checkpoint) -> None:
    if checkpoint.extensions:
        raise MalformedInput(
            "extension_lines", field="checkpoint", got=checkpoint.extensions
        )


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """A checkpoint whose log signature was verified.

    `log_signatures` are the log's lines, `cosignatures` those of known witnesses;
    lines of unknown keys are in `note` only.
    """

    checkpoint: Checkpoint
    note: Note
    log_signatures: tuple[NoteSignature, ...]
    cosignatures: tuple[NoteSignature, ...]


def open_checkpoint(
    data: bytes,
    *,
    log_keys: Iterable[NoteVerifier],
    witness_keys: Iterable[NoteVerifier] = (),
) -> SignedCheckpoint:
    """The checkpoint in `data`, after checking every line of a known key.

    A log key speaks for the origin that equals its name, and for no other.

    Raises:
        MalformedInput: `data` is not a checkpoint, or has extension lines.
        UntrustedSignature: a known key's line does not verify, or none of the
            origin's keys has signed.
    """
    note = Note.parse(data)
    checkpoint = Checkpoint.parse(note.text)
    _refuse_extensions(checkpoint)
    of_origin = [key for key in log_keys if key.name == checkpoint.origin]
    if not of_origin:
        raise UntrustedSignature(
            "unknown_origin", field="checkpoint.origin", got=checkpoint.origin
        )
    witnesses = list(witness_keys)
    trusted = get_trusted_signatures(note, [*of_origin, *witnesses])
    log_ids = {(key.name, key.key_id) for key in of_origin}
    witness_ids = {(key.name, key.key_id) for key in witnesses}
    log_lines = tuple(one for one in trusted if (one.name, one.key_id) in log_ids)
    if not log_lines:
        raise UntrustedSignature(
            "no_log_signature", field="checkpoint", wanted=checkpoint.origin
        )
    cosigned = tuple(one for one in trusted if (one.name, one.key_id) in witness_ids)
    return SignedCheckpoint(checkpoint, note, log_lines, cosigned)
