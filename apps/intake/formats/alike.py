"""Lines that differ from one that was taken in their serial alone, a block at a time.

The check of a row is exact and slow. Once it has taken a line, every line of the same
bytes around another plain serial has the same cells, and is taken by one expression.
What differs in anything at all goes the slow way, which says what is wrong with it.
"""

import re
from typing import Final

from apps.intake.formats.rows import Row

# GS1 set 82 without what CSV or a spreadsheet may give a meaning of its own: " + , ;
_PLAIN: Final = "[!%-*./0-9:<-?A-Z_a-z-]{1,20}"
_IS_PLAIN: Final = re.compile(_PLAIN)


class Alike:
    """Takes blocks of lines into `serials`: serial to line, in file order."""

    def __init__(self, serials: dict[str, int]) -> None:
        self._serials = serials
        self._block: re.Pattern[str] | None = None
        self._learned = ""

    def learn(self, row: Row, text: str) -> None:
        """Remember how a line looks, if its row was taken just now.

        Args:
            text: the line without its end.
        """
        serial = next(reversed(self._serials), "")
        if self._serials.get(serial) != row.line_no:
            return  # a header, or refused
        # Only then is it certain which part of the line is the serial.
        if text.count(serial) != 1 or not _IS_PLAIN.fullmatch(serial):
            return
        before, _, after = text.partition(serial)
        learned = f"{re.escape(before)}({_PLAIN}){re.escape(after)}"
        if learned != self._learned:
            self._learned = learned
            self._block = re.compile(f"^{learned}\\r?$", re.MULTILINE)

    def take(self, line_no: int, block: bytes) -> int:
        """Take every line of the block; how many, or 0 if one is not alike or repeated.

        Args:
            line_no: of the first line.
            block: whole lines, each with its end.
        """
        if self._block is None or not block.isascii():
            return 0
        found = self._block.findall(block.decode("ascii"))
        count = len(found)
        if count != block.count(b"\n"):
            return 0
        part = dict(zip(found, range(line_no, line_no + count), strict=True))
        if len(part) != count or not self._serials.keys().isdisjoint(part):
            return 0
        self._serials.update(part)
        return count
