"""Writing the zip of a bundle: members packed one by one, then put together."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, Final, Protocol

from ..errors import Unavailable
from .zipform import DEFLATED, MAX_SIZE, METHODS, Header, directory

_LEVEL: Final = 4  # level 6 takes half as long again, for 1 % fewer bytes
_COPY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Packed:
    """A member as it will lie in the zip; `digest` is SHA-256 of its bytes unpacked."""

    header: Header
    digest: bytes


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object:
        """Take these bytes, behind those before."""
        ...


class Packer:
    """Takes a member's bytes in order and writes them packed to `file`."""

    def __init__(self, name: str, file: Sink) -> None:
        self._name = name
        self._file = file
        self._packing = None
        if METHODS[name] == DEFLATED:
            self._packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        self._crc = self._size = self._packed = 0
        self._digest = sha256()

    def write(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            Unavailable: `bundle_too_large`: a zip without zip64 cannot hold it.
        """
        self._crc = zlib.crc32(data, self._crc)
        self._digest.update(data)
        self._size += len(data)
        self._put(self._packing.compress(data) if self._packing else data)

    def finish(self) -> Packed:
        """No more bytes follow."""
        if self._packing is not None:
            self._put(self._packing.flush())
        header = Header(self._name, self._crc, self._packed, self._size)
        return Packed(header, self._digest.digest())

    def _put(self, packed: bytes) -> None:
        self._packed += len(packed)
        if max(self._size, self._packed) > MAX_SIZE:
            raise too_large()
        self._file.write(packed)


def write_zip(out: Sink, members: Iterable[tuple[Packed, IO[bytes]]]) -> None:
    """Put packed members, each with the file that holds it, together into `out`.

    Raises:
        Unavailable: `bundle_too_large`.
    """
    headers: list[Header] = []
    for packed, file in members:
        headers.append(packed.header)
        out.write(packed.header.local())
        while piece := file.read(_COPY):
            out.write(piece)
    if sum(header.packed for header in headers) > MAX_SIZE:
        raise too_large()
    out.write(directory(headers))


def too_large() -> Unavailable:
    """The refusal of a bundle that its form cannot hold."""
    return Unavailable(
        "bundle_too_large",
        field="bundle",
        got=f"more than {MAX_SIZE} bytes",
        wanted="fewer lots in one bundle",
    )
