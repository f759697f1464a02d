"""Reading the members of a JSON object by type, until none is left over."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from itertools import pairwise
from typing import Final, TypeVar

from .canonical import MAX_SAFE_INTEGER, JsonValue
from .encoding import decode_hex, parse_date, parse_time_ms
from .errors import MalformedInput
from .gs1.keys import Gln, Gtin, Lot
from .strict import parse_base64

T = TypeVar("T")

# Controls break lines and terminals; bidirectional overrides make a text look
# like another one to the person who signs it.
_UNSHOWABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


class Fields:
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

    def text(self, name: str, *, longest: int = 200) -> str:
        """A line of 1 to `longest` characters that shows what it is."""
        text = self.string(name)
        if not 1 <= len(text) <= longest:
            raise MalformedInput(
                "bad_length",
                field=self.path(name),
                got=f"{len(text)} characters",
                wanted=f"1 to {longest} characters",
            )
        if _UNSHOWABLE.search(text):
            raise MalformedInput(
                "forbidden_character",
                field=self.path(name),
                got=text,
                wanted="one line without control characters",
            )
        if not unicodedata.is_normalized("NFC", text):
            raise MalformedInput(
                "not_nfc", field=self.path(name), got=text, wanted="Unicode form NFC"
            )
        return text

    def prose(self, name: str, *, longest: int = 4_000) -> str:
        """Lines of 1 to `longest` characters that show what they are."""
        text = self.string(name)
        lines = Fields({name: text.replace("\n", "")}, where=self.where)
        lines.text(name, longest=longest)
        if len(text) > longest:
            raise MalformedInput(
                "bad_length",
                field=self.path(name),
                got=f"{len(text)} characters",
                wanted=f"1 to {longest} characters",
            )
        return text

    def string(self, name: str) -> str:
        """Any text."""
        value = self.take(name, wanted="text")
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        return value

    def matching(self, name: str, pattern: re.Pattern[str], *, wanted: str) -> str:
        """A text that `pattern` matches whole."""
        text = self.string(name)
        if pattern.fullmatch(text) is None:
            raise MalformedInput(
                "bad_text", field=self.path(name), got=text, wanted=wanted
            )
        return text

    def word(self, name: str, words: frozenset[str]) -> str:
        """One word of a closed set."""
        text = self.string(name)
        if text not in words:
            raise MalformedInput(
                "unknown_word",
                field=self.path(name),
                got=text,
                wanted="one of " + ", ".join(sorted(words)),
            )
        return text

    def integer(
        self, name: str, *, least: int = 0, most: int = MAX_SAFE_INTEGER
    ) -> int:
        """An integer from `least` to `most`."""
        value = self.take(name, wanted="an integer")
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, value, "an integer")
        if not least <= value <= most:
            raise MalformedInput(
                "out_of_range",
                field=self.path(name),
                got=value,
                wanted=f"{least} to {most}",
            )
        return value

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.take(name, wanted="true or false")
        if not isinstance(value, bool):
            raise self._wrong(name, value, "true or false")
        return value

    def hexed(self, name: str, *, size_bytes: int = 32) -> bytes:
        """Bytes in lower-case hex."""
        return decode_hex(
            self.string(name), size_bytes=size_bytes, field=self.path(name)
        )

    def based(self, name: str, *, most_bytes: int) -> bytes:
        """1 to `most_bytes` bytes in padded standard base64."""
        data = parse_base64(self.string(name), field=self.path(name))
        if not 1 <= len(data) <= most_bytes:
            raise MalformedInput(
                "bad_length",
                field=self.path(name),
                got=f"{len(data)} bytes",
                wanted=f"1 to {most_bytes} bytes",
            )
        return data

    def time_ms(self, name: str) -> int:
        """An instant, in milliseconds since 1970."""
        return parse_time_ms(self.string(name), field=self.path(name))

    def date(self, name: str) -> date:
        """A day."""
        return parse_date(self.string(name), field=self.path(name))

    def object(self, name: str) -> Fields:
        """An object, to be read in turn."""
        return Fields(self.take(name, wanted="an object"), where=self.path(name))

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
        read: Callable[[Fields, str], T],
        *,
        least: int = 0,
        most: int,
    ) -> tuple[T, ...]:
        """A list whose members are read by `read(fields, position)`."""
        items = self.array(name, least=least, most=most)
        inner = Fields(
            {str(index): item for index, item in enumerate(items)},
            where=self.path(name),
        )
        return tuple(read(inner, str(index)) for index in range(len(items)))

    def distinct(
        self,
        name: str,
        read: Callable[[Fields, str], T],
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
        read: Callable[[Fields, str], T],
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

    def gln(self, name: str) -> str:
        """A GLN of 13 digits with its check digit, GS1 AI (410) to (417)."""
        return self._key(name, Gln)

    def gtin(self, name: str) -> str:
        """A GTIN of 14 digits with its check digit, GS1 AI (01)."""
        return self._key(name, Gtin)

    def lot(self, name: str) -> str:
        """A lot number of 1 to 20 characters of GS1 set 82, GS1 AI (10)."""
        return self._key(name, Lot)

    def _key(self, name: str, key: Callable[[str], Gln | Gtin | Lot]) -> str:
        text = self.string(name)
        try:
            key(text)
        except MalformedInput as error:
            raise MalformedInput(
                error.code, field=self.path(name), got=text, wanted=error.wanted
            ) from None
        return text

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
