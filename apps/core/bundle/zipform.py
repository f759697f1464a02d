"""The zip of a bundle: one spelling of a file format that has thousands.

Names, order, methods and every header field are fixed, sizes and check sums are known
ahead, so a bundle is read from its first byte to its last and never jumped about in.
What another writer might have made of the same members is refused: a zip that two
programs read in two ways would be two bundles under one digest.

Source: PKWARE APPNOTE 6.3.3, sections 4.3.7, 4.3.12 and 4.3.16, without zip64.
"""

from __future__ import annotations

from dataclasses import dataclass
from struct import Struct
from typing import Final

MANIFEST: Final = "manifest.json"
CHECKPOINT: Final = "checkpoint"
CHAINS: Final = "chains.ndjson"
ENTRIES: Final = "entries.ndjson"
MAP: Final = "map.bin"
TREE: Final = "tree.bin"
# In the order in which one pass can use them; hashes do not shrink.
STORED, DEFLATED = 0, 8
METHODS: Final = {
    MANIFEST: DEFLATED,
    CHECKPOINT: STORED,
    CHAINS: DEFLATED,
    ENTRIES: DEFLATED,
    MAP: STORED,
    TREE: STORED,
}
# A size of 2^32 - 1 would announce zip64.
MAX_SIZE: Final = 2**32 - 2

_VERSION: Final = 20  # 2.0: deflate
_FIRST_DAY: Final = 0x0021  # 1980-01-01, the earliest date there is
_LOCAL: Final = Struct("<4s5H3L2H")
_CENTRAL: Final = Struct("<4s6H3L5H2L")
_END: Final = Struct("<4s4H2LH")
LOCAL_BYTES: Final = _LOCAL.size


@dataclass(frozen=True, slots=True)
class Header:
    """What a zip says of one member: packed and unpacked size in bytes, CRC-32."""

    name: str
    crc: int
    packed: int
    size: int

    @property
    def method(self) -> int:
        """The one method of a member of this name."""
        return METHODS[self.name]

    def local(self) -> bytes:
        """The header in front of the member's bytes."""
        name = self.name.encode("ascii")
        return (
            _LOCAL.pack(
                b"PK\3\4",
                *(_VERSION, 0, self.method, 0, _FIRST_DAY),
                *(self.crc, self.packed, self.size),
                *(len(name), 0),
            )
            + name
        )

    def central(self, offset: int) -> bytes:
        """The entry in the directory for a member that begins at `offset`."""
        name = self.name.encode("ascii")
        return (
            _CENTRAL.pack(
                b"PK\1\2",
                *(_VERSION, _VERSION, 0, self.method, 0, _FIRST_DAY),
                *(self.crc, self.packed, self.size),
                *(len(name), 0, 0, 0, 0),
                *(0, offset),
            )
            + name
        )


def read_sizes(local: bytes) -> tuple[int, int, int]:
    """CRC, packed and unpacked size that a local header of 30 bytes claims."""
    fields = _LOCAL.unpack(local)
    return fields[6], fields[7], fields[8]


def directory(headers: list[Header]) -> bytes:
    """All that follows the last member."""
    offset, entries = 0, []
    for header in headers:
        entries.append(header.central(offset))
        offset += len(header.local()) + header.packed
    listed = b"".join(entries)
    count = len(headers)
    end = _END.pack(b"PK\5\6", 0, 0, count, count, len(listed), offset, 0)
    return listed + end
