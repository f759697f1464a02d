"""Bodies that no door can read are refused in one form."""

import json
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.edge.test_doors")


@pytest.fixture
def door() -> Client:
    return Client(raise_request_exception=False)


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    document = json.loads(response.content)
    assert (document["status"], document["code"]) == (status, code)
    return document


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":1,"a":2}',
        b"[" * 100_000,
        b'"\\ud800"',
        b'"\\u0000"',
        b"\xff",
        b"{}{}",
        b"9007199254740993",
        b"NaN",
    ],
)
def test_json_that_is_not_strict_is_malformed(door: Client, body: bytes):
    response = door.post("/api/", body, content_type="application/json")

    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["field"] == "body"
    assert response.json()["got"]
    assert response.json()["wanted"]


def test_what_the_framework_cannot_read_names_field_got_and_wanted(door: Client):
    text = door.post("/api/", b"{}", content_type="text/csv")
    form = door.post("/api/", b"--", content_type="multipart/form-data; boundary=")

    document = assert_problem(text, 415, "unsupported_media_type")
    assert (document["field"], document["got"]) == ("Content-Type", "text/csv")
    assert document["wanted"].startswith("application/json")
    document = assert_problem(form, 400, "parse_error")
    assert document["field"] == "body"
    assert "multipart/form-data" in document["wanted"]


def test_another_charset_is_malformed(door: Client):
    response = door.post(
        "/api/", b"{}", content_type="application/json; charset=utf-16"
    )

    assert_problem(response, 400, "unknown_charset")


@pytest.mark.parametrize(
    ("method", "address", "headers", "status"),
    [
        ("put", "/api/", {}, 405),
        ("post", "/api/", {"Content-Type": "text/csv"}, 415),
        ("post", "/api/", {"Accept": "image/png"}, 406),
        ("get", "/nowhere", {}, 404),
    ],
)
def test_the_framework_refuses_in_the_same_form(
    door: Client, method: str, address: str, headers: dict[str, str], status: int
):
    content_type = headers.pop("Content-Type", "application/json")
    response = door.generic(
        method.upper(), address, b"{}", content_type=content_type, headers=headers
    )

    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
