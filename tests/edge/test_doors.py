"""Hostile requests and our own errors, through the whole middleware stack."""

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import include, path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.errors import (
    ForbiddenTransfer,
    IntegrityBreach,
    LedgerConflict,
    MalformedInput,
    ProofError,
    Unavailable,
    UntrustedSignature,
)
from apps.edge import problems
from apps.edge.csp import allows_wasm

RAISED: dict[str, Exception] = {
    "malformed": MalformedInput(
        "bad_check_digit", field="gtin", got="09521568251203", wanted="4"
    ),
    "untrusted": UntrustedSignature("unknown_key"),
    "forbidden": ForbiddenTransfer("not_the_holder", rule="shipping"),
    "conflict": LedgerConflict("taken"),
    "proof": ProofError("root_differs", step=4),
    "quarantine": Unavailable("quarantine", retry_after_seconds=60),
    "disk": Unavailable("disk_full"),
    "breach": IntegrityBreach("chain_broken"),
    "sqlite_full": OperationalError("database or disk is full"),
    "no_space": OSError(28, "No space left on device"),
    "database": OperationalError("the connection is lost"),
    "missing": Http404(),
}
WANTED = {
    "malformed": (400, "bad_check_digit"),
    "untrusted": (403, "unknown_key"),
    "forbidden": (409, "not_the_holder"),
    "conflict": (409, "taken"),
    "proof": (422, "root_differs"),
    "quarantine": (503, "quarantine"),
    "disk": (507, "disk_full"),
    "breach": (500, "chain_broken"),
    "sqlite_full": (507, "disk_full"),
    "no_space": (507, "disk_full"),
    "database": (503, "database_unavailable"),
    "missing": (404, "not_found"),
}


def plain(request: HttpRequest, name: str = "") -> HttpResponse:
    if name:
        raise RAISED[name]
    return HttpResponse(f"{sorted(request.GET)}{sorted(request.POST)}")


def bug(request: HttpRequest) -> HttpResponse:
    raise KeyError("ours")


@allows_wasm
def scanning(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


class Api(APIView):
    authentication_classes = ()
    permission_classes = ()

    def get(self, request: Request, name: str = "") -> Response:
        raise RAISED[name]

    def post(self, request: Request) -> Response:
        return Response({"read": request.data})


urlpatterns = [
    path("plain", plain),
    path("plain/<str:name>", plain),
    path("bug", bug),
    path("accounts/", include("allauth.urls")),  # the frame links to them
    path("scanning", scanning),
    path("api/", Api.as_view()),
    path("api/<str:name>", Api.as_view()),
]
handler400 = problems.handler400
handler403 = problems.handler403
handler404 = problems.handler404
handler500 = problems.handler500

pytestmark = pytest.mark.urls(__name__)


@pytest.fixture
def door() -> Client:
    return Client(raise_request_exception=False)


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    document = json.loads(response.content)
    assert (document["status"], document["code"]) == (status, code)
    return document


@pytest.mark.parametrize("where", ["/plain", "/api"])
@pytest.mark.parametrize("name", RAISED)
def test_every_family_has_its_status_in_both_kinds_of_views(
    door: Client, name: str, where: str
):
    assert_problem(door.get(f"{where}/{name}"), *WANTED[name])


def test_a_problem_names_field_got_and_wanted(door: Client):
    document = assert_problem(door.get("/api/malformed"), *WANTED["malformed"])

    assert document["field"] == "gtin"
    assert document["got"] == "09521568251203"
    assert document["wanted"] == "4"


def test_what_is_particular_to_a_family_is_told(door: Client):
    assert door.get("/api/forbidden").json()["rule"] == "shipping"
    assert door.get("/api/proof").json()["step"] == 4
    assert door.get("/api/quarantine")["Retry-After"] == "60"


@pytest.mark.django_db
@pytest.mark.parametrize("name", RAISED)
def test_a_person_gets_the_same_refusal_as_a_page(door: Client, name: str):
    response = door.get(f"/plain/{name}", headers={"Accept": "text/html"})
    status, code = WANTED[name]

    assert response.status_code == status
    assert response["Content-Type"] == "text/html; charset=utf-8"
    assert f"{status} · {code}" in response.text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "status"),
    [("/nowhere", 404), ("/plain?q=%00", 400), ("/plain/%00", 400), ("/bug", 500)],
)
def test_a_person_sees_a_page_for_what_no_view_answered(
    door: Client, address: str, status: int
):
    response = door.get(address, headers={"Accept": "text/html"})

    assert response.status_code == status
    assert "<h1>" in response.text


def test_a_failure_page_asks_nothing_of_the_database(door: Client):
    response = door.get("/plain/database", headers={"Accept": "text/html"})

    assert response.status_code == 503
    assert "503 · database_unavailable" in response.text


def test_a_bug_is_a_500_that_tells_nothing_but_the_request_id(door: Client):
    response = door.get("/bug", headers={"X-Request-ID": "abcdefgh-1"})

    document = assert_problem(response, 500, "internal_error")
    assert document["request_id"] == response["X-Request-ID"] == "abcdefgh-1"
    assert "ours" not in response.text


def test_a_form_without_its_token_is_refused():
    door = Client(enforce_csrf_checks=True)

    assert_problem(door.post("/plain", {"lot": "A"}), 403, "form_not_ours")


def test_an_ill_formed_request_id_is_replaced(door: Client):
    response = door.get("/plain", headers={"X-Request-ID": "<script>"})

    assert len(response["X-Request-ID"]) == 16


@pytest.mark.parametrize(
    "address",
    [
        "/plain/%00",
        "/plain?q=%00",
        "/plain?%00=q",
        "/plain?q=%ff",
        "/plain?q=%ed%a0%80",
        "/plain?q=ok&q=%c0%80",
        "/api/?cursor=%00",
    ],
)
def test_nul_and_broken_utf8_in_an_address_are_malformed(door: Client, address: str):
    assert_problem(door.get(address), 400, "bad_text")


def test_a_group_separator_in_an_address_is_welcome(door: Client):
    assert door.get("/plain?q=%1d21SERIAL").status_code == 200


def test_nul_in_a_cookie_is_malformed(door: Client):
    door.cookies["sessionid"] = "a\x00b"

    assert_problem(door.get("/plain"), 400, "bad_text")


@pytest.mark.parametrize("field", [{"lot": "A\x00"}, {"a\x00": "1"}])
def test_nul_in_a_form_is_malformed(door: Client, field: dict[str, str]):
    assert_problem(door.post("/plain", field), 400, "bad_text")


def test_broken_utf8_in_a_form_is_malformed(door: Client):
    response = door.post(
        "/plain", b"lot=%ff", content_type="application/x-www-form-urlencoded"
    )

    assert_problem(response, 400, "bad_text")


def test_an_oversize_body_is_refused_before_it_is_read(door: Client, settings):
    settings.BODY_LIMIT_BYTES = 10

    response = door.post("/api/", b'"12345678910"', content_type="application/json")

    document = assert_problem(response, 413, "body_too_large")
    assert (document["got"], document["wanted"]) == ("13", "at most 10 bytes")


def test_a_longer_prefix_may_take_larger_bodies(door: Client, settings):
    settings.BODY_LIMIT_BYTES = 10
    settings.BODY_LIMIT_BYTES_BY_PREFIX = {"/api/": 100}

    response = door.post(
        "/api/", b'{"a": "1234567890"}', content_type="application/json"
    )

    assert response.json() == {"read": {"a": "1234567890"}}
