"""Proofs in the format of OpenTimestamps: read strictly, joined, cut, written.

The library of the format does the work; here is what it leaves open. A proof begins at a
digest that we know, so another one's cannot be passed off. Only hashing with SHA-256 and
putting bytes around it is allowed: that is all that calendars and Bitcoin use.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, Final

from opentimestamps.core.notary import (
    BitcoinBlockHeaderAttestation,
    PendingAttestation,
)
from opentimestamps.core.op import OpAppend, OpPrepend, OpSHA256
from opentimestamps.core.serialize import (
    BytesDeserializationContext,
    BytesSerializationContext,
    DeserializationError,
)
from opentimestamps.core.timestamp import DetachedTimestampFile, Timestamp

from apps.core.errors import MalformedInput, ProofError

MAX_PROOF_BYTES: Final = 64_000
_HASH_SIZE: Final = 32
# Heights are below 2^31 for 40,000 years.
_MOST_HEIGHT: Final = 2**31
_ALLOWED: Final = (OpSHA256, OpAppend, OpPrepend)

# What the library trips over where bytes are no proof.
_TRIPS: Final = (DeserializationError, ValueError, TypeError, AssertionError)


@contextmanager
def _unwarned() -> Iterator[None]:
    """The library warns of an operation that it may drop; we refuse it anyway."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        yield


def read_answer(data: bytes, digest: bytes) -> Any:
    """The `Timestamp` over `digest` that a calendar answers.

    Raises:
        MalformedInput: `bad_stamp`: it is none, or followed by more.
        ProofError: `unfit_proof`: it uses what is not allowed.
    """
    _verify_size(data)
    context = BytesDeserializationContext(data)
    try:
        with _unwarned():
            stamp = Timestamp.deserialize(context, digest)
        context.assert_eof()
    except _TRIPS as error:
        raise _bad(error) from error
    _verify_operations(stamp)
    return stamp


def read_file(data: bytes, head: bytes) -> Any:
    """The `Timestamp` in a proof file over the text `head`.

    Raises:
        MalformedInput: `bad_stamp`.
        ProofError: `stamp_differs`: it is over something else; `unfit_proof`.
    """
    _verify_size(data)
    context = BytesDeserializationContext(data)
    try:
        with _unwarned():
            read = DetachedTimestampFile.deserialize(context)
    except _TRIPS as error:
        raise _bad(error) from error
    digest = sha256(head).digest()
    if not isinstance(read.file_hash_op, OpSHA256) or read.file_digest != digest:
        raise ProofError(
            "stamp_differs",
            field="hash",
            got=read.file_digest.hex(),
            wanted=digest.hex(),
        )
    if write_file(read.timestamp) != data:
        raise _bad(ValueError("another spelling of the same proof"))
    _verify_operations(read.timestamp)
    return read.timestamp


def write_file(stamp: Any) -> bytes:
    """The proof file that the standard client reads, in its one spelling."""
    context = BytesSerializationContext()
    DetachedTimestampFile(OpSHA256(), stamp).serialize(context)
    return bytes(context.getbytes())


def new_stamp(head: bytes) -> Any:
    """A `Timestamp` over the text `head` that attests nothing yet."""
    return Timestamp(sha256(head).digest())


def list_pending(stamp: Any) -> list[tuple[Any, str]]:
    """Each place that a calendar has promised to complete, with its address."""
    return [
        (place, uri)
        for place in _walk(stamp)
        for uri in sorted(
            each.uri
            for each in place.attestations
            if isinstance(each, PendingAttestation)
        )
    ]


def list_blocks(stamp: Any) -> list[tuple[bytes, int]]:
    """Each root of a block that the proof leads to, with the block's height.

    Raises:
        ProofError: `unfit_proof`: a root is no hash, a height none.
    """
    found = [
        (place.msg, each.height)
        for place in _walk(stamp)
        for each in place.attestations
        if isinstance(each, BitcoinBlockHeaderAttestation)
    ]
    for root, height in found:
        if len(root) != _HASH_SIZE or not 0 <= height < _MOST_HEIGHT:
            raise ProofError("unfit_proof", field="block", got=height)
    return sorted(found, key=lambda each: each[1])


def keep(stamp: Any, root: bytes, height: int) -> Any:
    """The proof that leads to this block and to nothing else."""
    kept = _kept(stamp, root, height)
    if kept is None:
        raise ProofError("unfit_proof", field="block", got=height, wanted="a way to it")
    return kept


def keep_pending(stamp: Any, uris: frozenset[str]) -> Any:
    """The proof that leads to the promises of these calendars; None without one."""
    made = Timestamp(stamp.msg)
    made.attestations = {
        each
        for each in stamp.attestations
        if isinstance(each, PendingAttestation) and each.uri in uris
    }
    for operation, inner in stamp.ops.items():
        below = keep_pending(inner, uris)
        if below is not None:
            made.ops[operation] = below
    return made if made.attestations or made.ops else None


def _kept(stamp: Any, root: bytes, height: int) -> Any:
    wanted = BitcoinBlockHeaderAttestation(height)
    if stamp.msg == root and wanted in stamp.attestations:
        made = Timestamp(stamp.msg)
        made.attestations.add(wanted)
        return made
    for operation, inner in _by_operation(stamp):
        below = _kept(inner, root, height)
        if below is not None:
            made = Timestamp(stamp.msg)
            made.ops[operation] = below
            return made
    return None


def _walk(stamp: Any) -> Iterator[Any]:
    """The place where a proof begins, and all behind it."""
    yield stamp
    for _, inner in _by_operation(stamp):
        yield from _walk(inner)


def _by_operation(stamp: Any) -> list[tuple[Any, Any]]:
    return sorted(stamp.ops.items(), key=lambda each: each[0])


def _verify_operations(stamp: Any) -> None:
    for place in _walk(stamp):
        for operation in place.ops:
            if not isinstance(operation, _ALLOWED):
                raise ProofError(
                    "unfit_proof",
                    field="operation",
                    got=str(operation),
                    wanted="sha256, append, prepend",
                )


def _verify_size(data: bytes) -> None:
    if len(data) > MAX_PROOF_BYTES:
        raise MalformedInput(
            "bad_stamp", field="proof", got=len(data), wanted=f"{MAX_PROOF_BYTES} bytes"
        )


def _bad(error: Exception) -> MalformedInput:
    return MalformedInput("bad_stamp", field="proof", got=str(error))
