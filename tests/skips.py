"""Which tests may be skipped in CI: none but those that the machine's owner forbids."""

from collections.abc import Iterable, Sequence

import pytest

# Opens the reason of a skip that no package would mend: a container that lets nobody
# trace or mount. It is said aloud and fails nothing.
NOT_PERMITTED = "NOT PERMITTED HERE"


def list_wrong(skipped: Iterable[pytest.TestReport]) -> Sequence[str]:
    """The reasons of skips that are a failure in CI."""
    return [said for each in skipped if NOT_PERMITTED not in (said := _reason(each))]


def list_forbidden(skipped: Iterable[pytest.TestReport]) -> Sequence[str]:
    """The reasons of the others, each once."""
    reasons = map(_reason, skipped)
    return list(dict.fromkeys(said for said in reasons if NOT_PERMITTED in said))


def _reason(report: pytest.TestReport) -> str:
    # pytest keeps a skip as its file, line and reason.
    said = report.longrepr
    return str(said[2] if isinstance(said, tuple) else said)
