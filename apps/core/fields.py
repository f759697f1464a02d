"""Reading the members of a JSON object by type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from typing import Final, TypeVar

from .canonical import MAX_SAFE_INTEGER
from .encoding import decode_hex, parse_date, parse_time_ms
from .errors import MalformedInput
from .gs1.keys import Gln, Gtin, Lot
from .members import Members
from .strict import parse_base64

T = TypeVar("T")

# Controls break lines and terminals; bidirectional overrides make a text look
# like another one to the person who signs it.
_UNSHOWABLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]"
)


class Fields(Members):
    """The members of one JSON object, read as what they must be."""

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
