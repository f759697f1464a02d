"""The members of a JSON object, each read once: what is left over is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Self, TypeVar

from .canonical import JsonValue
from .errors import MalformedInput

T = TypeVar("T")


class Members:
    """The members of one JSON object, each read once; `close` refuses the rest.

    Args:
        value: what must be a JSON object.
        where: dotted path of that object, for the errors.

    Raises:
        MalformedInput: `wrong_type`.
    """

    def __init__(self, value: JsonValue, *, where: str) -> None:
        if not isinstance(value, dict):
            raise MalformedInput(
                "wrong_type", field=where, got=json_type(value), wanted="an object"
            )
        self._left = dict(value)
        self.where = where

    def path(self, name: str) -> str:
        """The dotted path of the member `name`."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        """True while the member `name` is there and unread."""
        return name in self._left

    def names(self) -> Iterator[str]:
        """Names of the members not read yet."""
        return iter(list(self._left))

    def take(self, name: str, *, wanted: str = "a value") -> JsonValue:
        """The member `name`, whatever it is; raises `missing_field`."""
        if name not in self._left:
            raise MalformedInput(
                "missing_field", field=self.path(name), got="nothing", wanted=wanted
            )
        return self._left.pop(name)

    def close(self) -> None:
        """Refuse members that nobody read: a field we do not know was signed too.

        Raises:
            MalformedInput: `unknown_field`.
        """
        if self._left:
            name = min(self._left)
            raise MalformedInput(
                "unknown_field",
                field=self.path(name),
                got=json_type(self._left[name]),
                wanted="no such field",
            )

    def string(self, name: str) -> str:
        """Any text."""
        value = self.take(name, wanted="text")
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        return value

    def object(self, name: str) -> Self:
        """An object, to be read in turn."""
        return type(self)(self.take(name, wanted="an object"), where=self.path(name))

    def members(self, name: str) -> dict[str, JsonValue]:
        """The members of an object, to be handed on as they are."""
        value = self.take(name, wanted="an object")
        if not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return value

    def array(self, name: str, *, least: int = 0, most: int) -> list[JsonValue]:
        """A list of `least` to `most` members."""
        value = self.take(name, wanted="a list")
        if not isinstance(value, list):
            raise self._wrong(name, value, "a list")
        if not least <= len(value) <= most:
            raise MalformedInput(
                "bad_length",
                field=self.path(name),
                got=f"{len(value)} members",
                wanted=f"{least} to {most} members",
            )
        return value

    def each(
        self,
        name: str,
        read: Callable[[Self, str], T],
        *,
        least: int = 0,
        most: int,
    ) -> tuple[T, ...]:
        """A list whose members are read by `read(fields, position)`."""
        items = self.array(name, least=least, most=most)
        inner = type(self)(
            {str(index): item for index, item in enumerate(items)},
            where=self.path(name),
        )
        return tuple(read(inner, str(index)) for index in range(len(items)))

    def distinct(
        self,
        name: str,
        read: Callable[[Self, str], T],
        *,
        least: int = 0,
        most: int,
    ) -> tuple[T, ...]:
        """As `each`, of members that all differ."""
        values = self.each(name, read, least=least, most=most)
        if len(set(values)) != len(values):
            raise MalformedInput(
                "repeated_member",
                field=self.path(name),
                got=f"{len(values)} members, {len(set(values))} different",
                wanted="every member once",
            )
        return values

    def ascending(
        self,
        name: str,
        read: Callable[[Self, str], T],
        *,
        by: Callable[[T], str] = str,
        least: int = 0,
        most: int,
    ) -> tuple[T, ...]:
        """As `each`, of members in ascending order of `by`, which all differ.

        Where order has no meaning, one order is the only spelling.
        """
        values = self.each(name, read, least=least, most=most)
        for first, second in pairwise(map(by, values)):
            if first >= second:
                raise MalformedInput(
                    "not_sorted",
                    field=self.path(name),
                    got=second,
                    wanted="ascending order, every member once",
                )
        return values

    def _wrong(self, name: str, value: JsonValue, wanted: str) -> MalformedInput:
        return MalformedInput(
            "wrong_type", field=self.path(name), got=json_type(value), wanted=wanted
        )


def json_type(value: object) -> str:
    """What JSON calls a value of this type, in words."""
    names = {
        "NoneType": "null",
        "bool": "true or false",
        "int": "a number",
        "float": "a number",
        "str": "text",
        "list": "a list",
        "dict": "an object",
    }
    return names.get(type(value).__name__, type(value).__name__)
