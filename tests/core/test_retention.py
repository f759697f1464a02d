"""How long what was said of goods is kept: the longest of three periods."""

from datetime import UTC, date, datetime

import pytest

from apps.core.retention import SnapshotDigest, retained_until_ms


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000


@pytest.mark.parametrize(
    ("accepted", "commissioned", "expiry", "until"),
    [
        # Six years after the transaction.
        ((2027, 3, 1, 8), (2027, 3, 1), date(2029, 2, 28), (2033, 3, 1, 8)),
        # A year after the last day of use.
        ((2027, 3, 1), (2027, 3, 1), date(2034, 6, 30), (2035, 7, 1)),
        # Five years after the newest lot began.
        ((2027, 3, 1), (2029, 5, 2, 3), date(2030, 1, 1), (2034, 5, 2, 3)),
        # After 29 February no period is a day short.
        ((2028, 2, 29), (2028, 2, 29), date(2030, 1, 1), (2034, 3, 1)),
        ((2027, 3, 1), (2027, 3, 1), date(2032, 2, 28), (2033, 3, 1)),
    ],
)
def test_the_longest_period_counts(accepted, commissioned, expiry, until):
    found = retained_until_ms(
        accepted_ms=ms(*accepted), commissioned_ms=ms(*commissioned), expiry_date=expiry
    )

    # Whole seconds are rounded up: never a moment too early.
    assert found == ms(*until) + 1_000


def test_a_snapshots_digest_is_that_of_its_lines():
    digest, again = SnapshotDigest(), SnapshotDigest()

    data = b"".join(digest.feed([{"b": 1, "a": "x"}, {"format": "y"}]))
    again.update(data)

    assert data == b'{"a":"x","b":1}\n{"format":"y"}\n'
    assert digest.digest == again.digest
    assert digest.digest != SnapshotDigest().digest
