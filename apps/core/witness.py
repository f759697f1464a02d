"""What a witness asks of a log before it cosigns: C2SP tlog-witness, without HTTP.

A witness remembers one thing of each log, the last checkpoint that it cosigned, and
cosigns only what provably goes on from there. The caller keeps that memory and must
make check and update one atomic step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from .checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from .errors import LedgerConflict, MalformedInput, ProofError
from .merkle import EMPTY_ROOT, HASH_SIZE, verify_consistency
from .note import (
    MAX_NOTE_BYTES,
    Note,
    NoteSignature,
    NoteVerifier,
    get_trusted_signatures,
)
from .proof import MAX_PATH
from .strict import format_base64, parse_base64, parse_decimal, parse_utf8

# Room for the largest note and for 63 proof lines of 45 bytes before it.
MAX_REQUEST_BYTES: Final = MAX_NOTE_BYTES + 4_096
_OLD: Final = "old "


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The body of `add-checkpoint`.

    Args:
        old_size: the size that the log believes the witness cosigned last.
        path: the consistency proof from there, hashes of 32 bytes.
        note: the signed checkpoint, as the log signed it.
    """

    old_size: int
    path: tuple[bytes, ...]
    note: bytes

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A request from its bytes; the checkpoint is checked for form only.

        Raises:
            MalformedInput: no `old` line, a hash that is not the base64 of 32 bytes,
                more than 63 of them, no empty line, a note that is no checkpoint.
        Source: tlog-witness, "add-checkpoint".
        """
        if len(data) > MAX_REQUEST_BYTES:
            raise MalformedInput("request_too_large", field="request", got=len(data))
        head, separator, note = data.partition(b"\n\n")
        first, *lines = parse_utf8(head, field="request").split("\n")
        if not first.startswith(_OLD) or not separator:
            raise MalformedInput(
                "bad_request",
                field="request",
                got=first,
                wanted="old <size>, hashes, an empty line, a checkpoint",
            )
        if len(lines) > MAX_PATH:
            raise MalformedInput("proof_too_long", field="request", got=len(lines))
        Checkpoint.parse(Note.parse(note).text)
        return cls(
            parse_decimal(first.removeprefix(_OLD), field="request.old"),
            tuple(
                parse_base64(line, field="request.proof", size_bytes=HASH_SIZE)
                for line in lines
            ),
            note,
        )

    def format(self) -> bytes:
        """The request as bytes."""
        lines = [f"{_OLD}{self.old_size}", *map(format_base64, self.path)]
        return "\n".join(lines).encode("ascii") + b"\n\n" + self.note


def verify_growth(
    request: AddCheckpoint,
    *,
    log_keys: Iterable[NoteVerifier],
    latest: Checkpoint | None,
) -> SignedCheckpoint:
    """The checkpoint of `request`, if the log only appended to `latest`.

    1. A known key of the origin signed, and every line of a known key verifies.
    2. The old size is not above the new one.
    3. The old size is that of `latest`, 0 before the first.
    4. An empty tree has the empty root; the proof leads from `latest` to the new
       root, and is empty where there is nothing to prove.

    Args:
        log_keys: the keys of the logs that the witness knows.
        latest: what it cosigned last for this origin.

    Raises:
        UntrustedSignature: step 1; `unknown_origin` where no key is of that name.
        MalformedInput: step 2, or extension lines, which nobody cosigns.
        LedgerConflict: step 3; `wanted` is the size to start from.
        ProofError: step 4.
    Source: tlog-witness, "add-checkpoint".
    """
    # 1
    signed = open_checkpoint(request.note, log_keys=log_keys)
    head = signed.checkpoint
    # 2
    if request.old_size > head.tree_size:
        raise MalformedInput(
            "old_size_too_large",
            field="request.old",
            got=request.old_size,
            wanted=f"at most {head.tree_size}",
        )
    # 3
    known_size = latest.tree_size if latest else 0
    if request.old_size != known_size:
        raise LedgerConflict(
            "other_size",
            field="request.old",
            got=request.old_size,
            wanted=str(known_size),
        )
    # 4
    if head.tree_size == 0 and head.root_hash != EMPTY_ROOT:
        raise ProofError("root_mismatch", step=4, got=head.root_hash.hex())
    _verify_path(request, head, latest)
    return signed


def _verify_path(
    request: AddCheckpoint, head: Checkpoint, latest: Checkpoint | None
) -> None:
    if latest is None or latest.tree_size == 0:
        if request.path:
            raise ProofError(
                "proof_not_empty", step=4, got=len(request.path), wanted="no hashes"
            )
        return
    verify_consistency(
        old_size=latest.tree_size,
        new_size=head.tree_size,
        old_root=latest.root_hash,
        new_root=head.root_hash,
        path=request.path,
    )


def read_cosignatures(
    answer: bytes, *, note: bytes, keys: Iterable[NoteVerifier]
) -> tuple[NoteSignature, ...]:
    """The lines of a witness's answer that known keys made over `note`, verified.

    Lines of unknown keys are left out, as the text demands.

    Raises:
        MalformedInput: the answer is not signature lines.
        UntrustedSignature: a known key's line does not verify, or there is none.
    Source: tlog-witness, "add-checkpoint".
    """
    text = Note.parse(note).text
    lines = parse_utf8(answer, field="answer")
    if not lines.endswith("\n"):
        raise MalformedInput("bad_answer", field="answer", wanted="signature lines")
    signatures = tuple(NoteSignature.parse(line) for line in lines[:-1].split("\n"))
    return get_trusted_signatures(Note(text, signatures), keys)
