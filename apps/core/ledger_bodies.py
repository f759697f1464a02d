"""What is said of the ledger itself: an erasure, a file of events."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from typing import Self

from .canonical import JsonValue
from .errors import MalformedInput
from .fields import Fields


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was deleted from the sealed part, by what right, and what remains of it.

    Args:
        indices: leaves whose envelope and salt are gone, ascending; of types 1 and 6
            alone (`leaf.ERASABLE`), so never leaf 0, which is genesis.
        snapshot_digest: 32 bytes over the snapshot that closes the erased chain.
    """

    indices: tuple[int, ...]
    legal_basis: str
    snapshot_digest: bytes

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `erasure`."""
        indices = fields.each("indices", _read_index, least=1, most=65_536)
        if any(first >= second for first, second in pairwise(indices)):
            raise MalformedInput(
                "not_sorted", field=fields.path("indices"), wanted="ascending indices"
            )
        return cls(
            indices=indices,
            legal_basis=fields.prose("legal_basis"),
            snapshot_digest=fields.hexed("snapshot_digest"),
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        return {
            "indices": list(self.indices),
            "legal_basis": self.legal_basis,
            "snapshot_digest": self.snapshot_digest.hex(),
        }


@dataclass(frozen=True, slots=True)
class EventsFile:
    """A file of events travels beside its statement, whose body fixes its bytes.

    The roots of the subjects hold numbers and sets that only the ledger can resolve;
    by the digest whoever has the file knows that it is the one that was signed.

    Args:
        count: how many lines it has.
        digest: SHA-256 of the whole file, each line with its line feed.
    """

    count: int
    digest: bytes

    @classmethod
    def of(cls, lines: bytes) -> Self:
        """The body that names exactly the file `lines`."""
        return cls(count=lines.count(b"\n"), digest=sha256(lines).digest())

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the body of `events`."""
        return cls(
            count=fields.integer("count", least=1), digest=fields.hexed("digest")
        )

    def to_json(self) -> dict[str, JsonValue]:
        """The body as it is signed."""
        return {"count": self.count, "digest": self.digest.hex()}

    def verify(self, lines: bytes) -> None:
        """Check that `lines` is the file that was signed.

        Raises:
            MalformedInput: `body_mismatch`, of `body.count` or of `body.digest`.
        """
        found = self.of(lines)
        if found.count != self.count:
            raise MalformedInput(
                "body_mismatch",
                field="body.count",
                got=self.count,
                wanted=str(found.count),
            )
        if found.digest != self.digest:
            raise MalformedInput(
                "body_mismatch",
                field="body.digest",
                got=self.digest.hex(),
                wanted=found.digest.hex(),
            )


def _read_index(fields: Fields, name: str) -> int:
    return fields.integer(name, least=1)
