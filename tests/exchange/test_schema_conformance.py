"""Schemathesis over the OpenAPI schema: what is answered is what is documented."""

import json
from functools import lru_cache

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.edge.throttles import PerMinute
from pharmatrace.wsgi import application
from tests.cast import NOVAMED
from tests.journeys.api_client import ApiClient

_EXAMPLES = 20  # an operation; about a minute for all of them
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@schemathesis.serializer("application/x-ndjson", "application/partial-upload")
def as_it_is(ctx, value):
    """What is generated for a body of lines or bytes, as it is."""
    body = value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
    return {"data": body}


@lru_cache
def _operations():
    """Every operation of the schema, by its name."""
    generated = SchemaGenerator().get_schema(request=None, public=True)
    document = json.loads(OpenApiJsonRenderer().render(generated))
    schema = schemathesis.openapi.from_dict(document)
    schema.app = application
    found = [each.ok() for each in schema.get_all_operations()]
    # The schema's own address is the framework's, and says so of itself only 200.
    return {each.label: each for each in found if each.path != "/api/v1/schema"}


@pytest.fixture
def bearer(live, monkeypatch):
    """A signer's token; nobody is throttled, and no request ends the transaction."""
    monkeypatch.setattr(PerMinute, "allow_request", lambda *_: True)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield ApiClient.of(live, NOVAMED).headers
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("label", sorted(_operations()))
def test_every_answer_is_a_documented_one(bearer, label):
    operation = _operations()[label]
    modes = schemathesis.GenerationMode
    cases = st.one_of(
        operation.as_strategy(generation_mode=modes.POSITIVE),
        operation.as_strategy(generation_mode=modes.NEGATIVE),
    )

    @given(case=cases)
    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def conforms(case):
        case.call_and_validate(headers=bearer, checks=_CHECKS)

    conforms()
