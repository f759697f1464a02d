"""Reading a binary form field by field: too short, too long and out of range alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from .errors import MalformedInput

T = TypeVar("T")


class Octets:
    """Bytes that are read from the left.

    Args:
        code: the error's code, whatever is wrong.
    """

    def __init__(self, data: bytes, *, code: str) -> None:
        self._data = data
        self._at = 0
        self._code = code

    def refuse(self, field: str, *, got: object, wanted: str) -> MalformedInput:
        """The refusal of one field."""
        return MalformedInput(self._code, field=field, got=got, wanted=wanted)

    def take(self, size_bytes: int, field: str) -> bytes:
        """The next `size_bytes` bytes."""
        left = len(self._data) - self._at
        if size_bytes > left:
            raise self.refuse(field, got=f"{left} bytes", wanted=f"{size_bytes} bytes")
        self._at += size_bytes
        return self._data[self._at - size_bytes : self._at]

    def number(
        self, size_bytes: int, field: str, *, least: int = 0, most: int | None = None
    ) -> int:
        """The next `size_bytes` bytes as a big-endian number from `least` to `most`."""
        found = int.from_bytes(self.take(size_bytes, field), "big")
        if found < least or (most is not None and found > most):
            top = 256**size_bytes - 1 if most is None else most
            raise self.refuse(field, got=found, wanted=f"{least} to {top}")
        return found

    def sized(self, size_bytes: int, field: str, *, most: int | None = None) -> bytes:
        """Bytes behind their number, which takes `size_bytes` bytes and is not 0."""
        return self.take(self.number(size_bytes, field, least=1, most=most), field)

    def each(
        self,
        field: str,
        read: Callable[[str], T],
        *,
        least: int = 0,
        most: int,
    ) -> tuple[T, ...]:
        """`least` to `most` items behind their number, each read by `read(field)`."""
        count = self.number(1, field, least=least, most=most)
        return tuple(read(f"{field}[{number}]") for number in range(count))

    def close(self) -> None:
        """Refuse bytes that are left over."""
        left = len(self._data) - self._at
        if left:
            raise self.refuse("", got=f"{left} bytes more", wanted="nothing behind it")
