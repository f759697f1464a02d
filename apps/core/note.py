"""C2SP signed notes: text with signature lines below it.

The keys live in `notekey`; this module knows only their shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, Self

from .errors import MalformedInput, UntrustedSignature
from .strict import format_base64, parse_base64, parse_utf8

# Room for 100 ML-DSA-44 lines is never needed; the text demands at least 16.
MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
KEY_ID_SIZE = 4
_LINE_START = "\N{EM DASH} "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")  # all below the blank but newline


def require_key_name(name: str, *, field: str) -> None:
    """Check that a key name is not empty and has no space, plus or control in it.

    Raises:
        MalformedInput: it is not a key name.
    Source: signed-note, "Format".
    """
    if not name or any(mark.isspace() or mark == "+" or mark < " " for mark in name):
        raise MalformedInput(
            "bad_key_name", field=field, got=name, wanted="no spaces, no plus"
        )


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who signed, and the bytes after the 4-byte key id."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> Self:
        """One signature line, without its newline.

        Raises:
            MalformedInput: not em dash, space, key name, space, base64.
        """
        name, separator, encoded = line.removeprefix(_LINE_START).partition(" ")
        if not line.startswith(_LINE_START) or not separator:
            raise MalformedInput(
                "bad_signature_line",
                field="note",
                got=line,
                wanted="em dash, key name, base64",
            )
        require_key_name(name, field="note.name")
        blob = parse_base64(encoded, field="note.signature")
        if len(blob) <= KEY_ID_SIZE:
            raise MalformedInput(
                "bad_signature_line", field="note.signature", got=f"{len(blob)} bytes"
            )
        return cls(name, blob[:KEY_ID_SIZE], blob[KEY_ID_SIZE:])

    @property
    def line(self) -> str:
        """The line as it stands in a note, with its newline."""
        return (
            f"{_LINE_START}{self.name} {format_base64(self.key_id + self.signature)}\n"
        )


class NoteVerifier(Protocol):
    """A key that can check one kind of signature line."""

    @property
    def name(self) -> str:
        """The key name that its lines bear."""
        ...

    @property
    def key_id(self) -> bytes:
        """The 4-byte key id that its lines bear."""
        ...

    def verify(self, text: str, signature: bytes) -> None:
        """Raise UntrustedSignature unless `signature` is this key's over `text`."""
        ...


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a newline, and its signature lines in order."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A note from its bytes.

        Raises:
            MalformedInput: not UTF-8, control characters, no text, no signatures,
                too many of them, or a line that is not a signature.
        """
        if len(data) > MAX_NOTE_BYTES:
            raise MalformedInput(
                "note_too_large", field="note", got=len(data), wanted="at most 1 MB"
            )
        source = parse_utf8(data, field="note")
        if _CONTROL.search(source):
            raise MalformedInput("control_character", field="note")
        # The text may hold empty lines itself: the last one divides.
        text, separator, lines = source.rpartition("\n\n")
        if not separator or not lines.endswith("\n"):
            raise MalformedInput(
                "bad_note",
                field="note",
                wanted="text, an empty line, signature lines, each ending in newline",
            )
        signatures = lines[:-1].split("\n")
        if len(signatures) > MAX_SIGNATURES:
            raise MalformedInput(
                "too_many_signatures", field="note", got=len(signatures)
            )
        return cls(f"{text}\n", tuple(NoteSignature.parse(line) for line in signatures))

    def format(self) -> bytes:
        """The bytes of the note."""
        lines = "".join(signature.line for signature in self.signatures)
        return f"{self.text}\n{lines}".encode()

    def adding(self, signatures: Iterable[NoteSignature]) -> Note:
        """The same note with further lines below; a line it has is not repeated."""
        fresh = [one for one in signatures if one not in self.signatures]
        return Note(self.text, (*self.signatures, *dict.fromkeys(fresh)))


def get_trusted_signatures(
    note: Note, keys: Iterable[NoteVerifier]
) -> tuple[NoteSignature, ...]:
    """The lines of `note` that verify under `keys`; lines of others are ignored.

    Raises:
        UntrustedSignature: a line bears the name and id of a known key but does not
            verify (then the whole note is worthless), or no line is of a known key.
        MalformedInput: two different keys share a name and an id.
    Source: signed-note, "Signatures".
    """
    known: dict[tuple[str, bytes], NoteVerifier] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise MalformedInput("ambiguous_key", field="keys", got=key.name)
    trusted = []
    for signature in note.signatures:
        verifier = known.get((signature.name, signature.key_id))
        if verifier is not None:
            verifier.verify(note.text, signature.signature)
            trusted.append(signature)
    if not trusted:
        raise UntrustedSignature(
            "no_known_signature",
            field="note",
            got=", ".join(signature.name for signature in note.signatures),
            wanted=", ".join(name for name, _ in known),
        )
    return tuple(trusted)
