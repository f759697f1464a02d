"""Reading the zip of a bundle once, from front to back, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, Protocol

from ..errors import MalformedInput
from .zipform import LOCAL_BYTES, MAX_SIZE, STORED, Header, directory, read_sizes

_PIECE: Final = 1 << 16


class Stream(Protocol):
    """What a bundle is read from: a file, or standard input."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""
        ...


class ZipReader:
    """A bundle's zip, member by member.

    Raises (from every method):
        MalformedInput: `bad_zip`: any byte that the one spelling does not have.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._headers: list[Header] = []

    def open(self, name: str) -> MemberReader:
        """The next member, which must be `name`; the one before was read whole."""
        start = self._exactly(LOCAL_BYTES, f"the header of {name}")
        header = Header(name, *read_sizes(start))
        rest = self._exactly(len(name), f"the name {name}")
        if header.local() != start + rest:
            shown = (start + rest)[LOCAL_BYTES:].decode("ascii", "replace")
            raise _bad(
                name, got=f"a member {shown}", wanted=f"{name}, as it is written"
            )
        if max(header.packed, header.size) > MAX_SIZE:
            raise _bad(name, got="zip64", wanted=f"at most {MAX_SIZE} bytes")
        self._headers.append(header)
        return MemberReader(self._stream, header)

    def close(self) -> None:
        """Check that nothing follows but the directory of what was read."""
        wanted = directory(self._headers)
        found = self._exactly(len(wanted), "the directory")
        if found != wanted:
            raise _bad("directory", got="another one", wanted="that of the members")
        if self._stream.read(1):
            raise _bad("directory", got="bytes behind it", wanted="the end")

    def _exactly(self, size: int, what: str) -> bytes:
        found = b""
        while len(found) < size:
            piece = self._stream.read(size - len(found))
            if not piece:
                raise _bad(what, got="the end of the file", wanted=f"{size} bytes")
            found += piece
        return found


class MemberReader:
    """The bytes of one member; its size and digest are known once it was read."""

    def __init__(self, stream: Stream, header: Header) -> None:
        self._stream = stream
        self._packed_left = header.packed
        self._crc = 0
        self._digest = sha256()
        self.header = header
        self.size = 0  # bytes given out so far

    @property
    def digest(self) -> bytes:
        """SHA-256 of what was given out so far."""
        return self._digest.digest()

    def read_all(self, *, most: int) -> bytes:
        """The whole member, if it is at most so many bytes long."""
        if self.header.size > most:
            raise _bad(
                self.header.name,
                got=f"{self.header.size} bytes",
                wanted=f"at most {most} bytes",
            )
        return b"".join(self.pieces())

    def lines(self, *, most: int) -> Iterator[bytes]:
        """The lines, each ended by a line feed, which is left out.

        Raises:
            MalformedInput: a line of more than `most` bytes, a last one cut short.
        """
        parts: list[bytes] = []
        size = 0
        for piece in self.pieces():
            first, *others = piece.split(b"\n")
            parts.append(first)
            size += len(first)
            if size > most:
                raise _bad(
                    self.header.name, got="a longer line", wanted=f"{most} bytes a line"
                )
            if others:
                yield b"".join(parts)
                yield from others[:-1]
                parts, size = [others[-1]], len(others[-1])
        if size:
            raise _bad(self.header.name, got="a line cut short", wanted="a line feed")

    def pieces(self) -> Iterator[bytes]:
        """All bytes, in pieces of at most 64 KiB; sizes and check sum hold."""
        unpack = self._stored() if self.header.method == STORED else self._deflated()
        for piece in unpack:
            self.size += len(piece)
            if self.size > self.header.size:
                raise _bad(
                    self.header.name,
                    got="more bytes",
                    wanted=f"{self.header.size} bytes, as its header says",
                )
            self._crc = zlib.crc32(piece, self._crc)
            self._digest.update(piece)
            yield piece
        if (self.size, self._crc) != (self.header.size, self.header.crc):
            raise _bad(
                self.header.name,
                got=f"{self.size} bytes, check sum {self._crc:08x}",
                wanted=f"{self.header.size} bytes, {self.header.crc:08x}",
            )

    def _stored(self) -> Iterator[bytes]:
        while self._packed_left:
            yield self._packed()

    def _deflated(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            while not unpacker.eof:
                packed = unpacker.unconsumed_tail
                # Asked for no more input, the unpacker may still hold some output.
                if not packed and self._packed_left:
                    packed = self._packed()
                piece = unpacker.decompress(packed, _PIECE)
                if piece:
                    yield piece
                elif not packed and not unpacker.eof:
                    raise _bad(self.header.name, got="packed data cut short")
        except zlib.error as error:
            raise _bad(self.header.name, got="no deflated data") from error
        if self._packed_left or unpacker.unused_data:
            raise _bad(self.header.name, got="bytes behind the packed data")

    def _packed(self) -> bytes:
        piece = self._stream.read(min(_PIECE, self._packed_left))
        if not piece:
            raise _bad(self.header.name, got="the end of the file")
        self._packed_left -= len(piece)
        return piece


def _bad(
    what: str, *, got: str, wanted: str = "what its header says"
) -> MalformedInput:
    return MalformedInput("bad_zip", field=what, got=got, wanted=wanted)
