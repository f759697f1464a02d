"""The text of a cell or a shared string, out of the runs it is made of."""

import re
from typing import Final

from apps.intake.formats.xlsx_parts import PartReader

MAX_TEXT: Final = 1_000
# ECMA-376 part 1, 22.9.2.19 (ST_Xstring): a character as _xHHHH_; surrogates stay.
_ESCAPED: Final = re.compile(r"_x((?![dD][89a-fA-F])[0-9a-fA-F]{4})_")


class TextReader(PartReader):
    """Collects text between `begin_text` and `take_text`.

    What is longer than `MAX_TEXT` is cut, and still longer than that.
    """

    def __init__(self) -> None:
        self._runs: list[str] = []
        self._run: list[str] = []
        self._size = 0
        self._is_open = False
        self._is_phonetic = False
        self._keeps_space = False

    def begin_text(self) -> None:
        """A new string begins."""
        self._runs.clear()
        self._size = 0
        self._is_open = self._is_phonetic = False

    def start_run(self, tag: str, attributes: dict[str, str]) -> None:
        """A part of the string begins; how Japanese is read aloud is none."""
        if tag == "rPh":
            self._is_phonetic = True
        elif tag in {"t", "v"} and not self._is_phonetic:
            self._is_open = True
            self._keeps_space = attributes.get("xml:space") == "preserve"

    def end_run(self, tag: str) -> None:
        """A part of the string ends."""
        if tag == "rPh":
            self._is_phonetic = False
        elif tag in {"t", "v"} and self._is_open:
            self._is_open = False
            run = "".join(self._run)
            self._run.clear()
            is_kept = self._keeps_space or self._size > MAX_TEXT
            self._runs.append(run if is_kept else run.strip(" \t\r\n"))

    def text(self, text: str) -> None:
        """Keep what is inside the string."""
        if self._is_open and self._size <= MAX_TEXT:
            kept = text[: MAX_TEXT + 1 - self._size]
            self._run.append(kept)
            self._size += len(kept)

    def take_text(self) -> str:
        """The string."""
        text = "".join(self._runs)
        if self._size > MAX_TEXT:
            return text.ljust(MAX_TEXT + 1)
        return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape[1], 16))
