"""What the operator reads: a line for a refusal, the trace of a failure."""

import logging

from django.core.exceptions import PermissionDenied

from apps.edge.middleware import RequestIdFilter


def test_the_line_of_a_refusal_has_no_trace_and_that_of_a_failure_has():
    refused = PermissionDenied()
    trace = (type(refused), refused, None)
    kept = {}
    for status in (403, 500):
        record = logging.LogRecord(
            "django.request", logging.WARNING, "x.py", 1, "Forbidden", (), trace
        )
        record.status_code = status
        assert RequestIdFilter().filter(record)
        kept[status] = record.exc_info is not None

    assert kept == {403: False, 500: True}
