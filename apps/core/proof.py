"""C2SP tlog-proof files: an entry's place in a log, checkable offline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, TypeVar

from .checkpoint import Checkpoint, SignedCheckpoint, open_checkpoint
from .errors import MalformedInput, ProofError, TraceError
from .merkle import HASH_SIZE, verify_inclusion
from .note import MAX_NOTE_BYTES, Note
from .policy import Policy, open_trusted_checkpoint
from .strict import format_base64, parse_base64, parse_decimal, parse_utf8

HEADER = "c2sp.org/tlog-proof@v1"
# A tree of fewer than 2^63 leaves is at most 63 levels high.
MAX_PATH = 63

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """An index, its inclusion path (leaf's sibling first) and a signed checkpoint.

    `checkpoint` is the note verbatim. `extra` is not authenticated by anything; None
    where the file has none.
    """

    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes
    extra: bytes | None = None

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """A proof from its file; the checkpoint is checked for form only.

        Raises:
            MalformedInput: another header, a line out of place, a hash that is not
                the base64 of 32 bytes, more than 63 of them, a bad checkpoint.
        Source: tlog-proof, "Format".
        """
        if len(data) > 2 * MAX_NOTE_BYTES:
            raise MalformedInput("proof_too_large", field="proof", got=len(data))
        head, separator, checkpoint = data.partition(b"\n\n")
        header, *lines = parse_utf8(head, field="proof").split("\n")
        if header != HEADER or not separator:
            raise MalformedInput(
                "bad_proof_header", field="proof", got=header, wanted=HEADER
            )
        extra = None
        if lines and lines[0].startswith("extra "):
            extra = _parse_extra(lines.pop(0))
        if not lines or not lines[0].startswith("index "):
            raise MalformedInput("no_index_line", field="proof", wanted="index <N>")
        index = parse_decimal(lines[0].removeprefix("index "), field="proof.index")
        path = tuple(
            parse_base64(line, field="proof.path", size_bytes=HASH_SIZE)
            for line in lines[1 : MAX_PATH + 2]
        )
        if len(path) > MAX_PATH:
            raise MalformedInput("proof_too_long", field="proof.path", got=len(lines))
        Checkpoint.parse(Note.parse(checkpoint).text)
        return cls(index, path, checkpoint, extra)

    def format(self) -> bytes:
        """The proof as a file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {format_base64(self.extra)}")
        lines.append(f"index {self.index}")
        lines += [format_base64(part) for part in self.path]
        return "\n".join(lines).encode("ascii") + b"\n\n" + self.checkpoint


def _parse_extra(line: str) -> bytes:
    extra = parse_base64(line.removeprefix("extra "), field="proof.extra")
    if not extra:
        raise MalformedInput(
            "empty_extra", field="proof.extra", wanted="no line where there is no data"
        )
    return extra


def open_proof(
    proof: TlogProof, *, leaf_hash: bytes, policy: Policy
) -> SignedCheckpoint:
    """The verified checkpoint under which `leaf_hash` stands at `proof.index`.

    1. The caller computed the leaf hash from the data it holds; it is 32 bytes.
    2. The origin is a log of the policy, and a key of that log signed.
    3. Every line of a known witness verifies, and those lines meet the quorum.
    4. The path leads from the leaf to the signed root.

    Raises:
        ProofError: `step` names the failed one.
    Source: tlog-proof, "Verifying a tlog proof".
    """
    # 1
    if len(leaf_hash) != HASH_SIZE:
        raise ProofError("bad_leaf_hash", step=1, got=f"{len(leaf_hash)} bytes")
    # 2
    _at_step(
        2,
        lambda: open_checkpoint(
            proof.checkpoint, log_keys=[log.key for log in policy.logs]
        ),
    )
    # 3
    signed = _at_step(3, lambda: open_trusted_checkpoint(proof.checkpoint, policy))
    # 4
    _at_step(
        4,
        lambda: verify_inclusion(
            leaf_hash=leaf_hash,
            index=proof.index,
            tree_size=signed.checkpoint.tree_size,
            path=proof.path,
            root_hash=signed.checkpoint.root_hash,
        ),
    )
    return signed


def _at_step(step: int, check: Callable[[], Result]) -> Result:
    """What `check` answers; its refusal becomes a ProofError that names the step."""
    try:
        return check()
    except TraceError as error:
        raise ProofError(
            error.code, step=step, field=error.field, got=error.got, wanted=error.wanted
        ) from error


def verify_proof(proof: TlogProof, *, leaf_hash: bytes, policy: Policy) -> None:
    """Check `proof` for one leaf; the steps and refusals are those of `open_proof`."""
    open_proof(proof, leaf_hash=leaf_hash, policy=policy)
