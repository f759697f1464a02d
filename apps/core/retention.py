"""How long what was said of goods must be kept, and the digest of a closing.

The periods are those of the law, not of a setting that somebody could shorten.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Final

from .canonical import JsonValue, canonical_bytes

# DSCSA, section 582(b)(1)(A) and (c)(1)(A)(v): six years after the transaction.
TRANSACTION_YEARS: Final = 6
# Delegated Regulation (EU) 2016/161, Article 15: five years after release, or one
# year after the expiry date, whichever is longer. Release follows commissioning.
RELEASE_YEARS: Final = 5
EXPIRY_YEARS: Final = 1


def retained_until_ms(
    *, accepted_ms: int, commissioned_ms: int, expiry_date: date
) -> int:
    """The first moment at which a statement about goods may be erased.

    Args:
        accepted_ms: when the statement was accepted, milliseconds since 1970.
        commissioned_ms: when the newest lot that it touches was commissioned.
        expiry_date: the latest of the lots that it touches; good to the end of that
            day, UTC.

    Source: the constants above.
    """
    expired = datetime.combine(expiry_date + timedelta(days=1), time(), UTC)
    ends = (
        _years_later(_moment(accepted_ms), TRANSACTION_YEARS),
        _years_later(_moment(commissioned_ms), RELEASE_YEARS),
        _years_later(expired, EXPIRY_YEARS),
    )
    return int(max(ends).timestamp()) * 1000 + 1000


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)


def _years_later(at: datetime, years: int) -> datetime:
    """The same day; after 29 February the next, so that a period is never shorter."""
    try:
        return at.replace(year=at.year + years)
    except ValueError:
        return at.replace(year=at.year + years, month=3, day=1)


class SnapshotDigest:
    """SHA-256 over the lines of a closing snapshot, fed one by one."""

    def __init__(self) -> None:
        self._hash = sha256()

    def feed(self, lines: Iterable[Mapping[str, JsonValue]]) -> Iterator[bytes]:
        """The exact bytes of each line, with its line feed, which also count."""
        for line in lines:
            data = canonical_bytes(dict(line)) + b"\n"
            self._hash.update(data)
            yield data

    def update(self, data: bytes) -> None:
        """Take bytes that were lines once."""
        self._hash.update(data)

    @property
    def digest(self) -> bytes:
        """32 bytes over all that was fed."""
        return self._hash.digest()
