"""What a sender names as the charset never chooses how we read a request."""

import io
import json
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from apps.edge import problems
from apps.edge.middleware import HostileInputMiddleware
from apps.edge.request import StrictWSGIRequest
from pharmatrace.wsgi import application


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(f"{sorted(request.GET)}{sorted(request.POST)}")


urlpatterns = [path("plain", plain)]
handler400 = problems.handler400
handler404 = problems.handler404
handler500 = problems.handler500
pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]

CHARSETS = [
    "hex",
    "idna",
    "punycode",
    "base64",
    "rot13",
    "zlib",
    "bz2",
    "uu",
    "quopri",
    "unicode_escape",
    "raw_unicode_escape",
    "utf-7",
    "utf-16",
    "latin-1",
    "utf-8-sig",
    "nonsense",
]


def ask(method: str, address: str, content_type: str, body: bytes = b"") -> Any:
    """Through the WSGI door, as a server does."""
    handler = WSGIHandler()
    handler.request_class = StrictWSGIRequest
    path_info, _mark, query = address.partition("?")
    environ = RequestFactory()._base_environ(
        REQUEST_METHOD=method,
        PATH_INFO=path_info,
        QUERY_STRING=query,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(len(body)),
        **{"wsgi.input": io.BytesIO(body)},
    )
    return handler(environ, lambda _status, _headers: None)


def test_the_site_is_served_with_such_requests() -> None:
    assert application.request_class is StrictWSGIRequest


@pytest.mark.parametrize("address", ["/plain?q=%41", "/nowhere?q=1"])
@pytest.mark.parametrize("charset", CHARSETS)
def test_another_charset_is_refused_everywhere(charset: str, address: str) -> None:
    for kind in ("text/plain", "multipart/form-data; boundary=x"):
        for method in ("GET", "POST"):
            answer = ask(method, address, f"{kind}; charset={charset}", b"--x--")

            assert answer.status_code == 400
            assert json.loads(answer.content)["code"] == "unknown_charset"


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "utf8"])
def test_the_one_charset_may_be_named(charset: str) -> None:
    kind = f"text/plain; charset={charset}"

    answer = ask("GET", "/plain?a=1", kind)

    assert (answer.status_code, answer.content) == (200, b"['a'][]")


@pytest.mark.parametrize("parameter", ["charset*=nonsense''x", "n*=nonsense''%41"])
def test_a_content_type_that_nobody_can_read_is_refused(parameter: str) -> None:
    assert ask("GET", "/plain", f"text/plain; {parameter}").status_code == 400


@pytest.mark.parametrize("text", ["%ED%A0%80", "%F5%80%80%80"])
def test_surrogates_are_no_text(client: Client, text: str) -> None:
    kind = "application/x-www-form-urlencoded"

    assert client.get(f"/plain?q={text}").status_code == 400
    assert client.post("/plain", f"q={text}", content_type=kind).status_code == 400


def test_a_query_that_was_decoded_to_a_surrogate_is_refused(rf: RequestFactory) -> None:
    request = rf.get("/plain")
    request.GET = request.GET.copy()
    request.GET["q"] = "\ud800"

    answer: Any = HostileInputMiddleware(plain)(request)

    assert (answer.status_code, b"surrogate" in answer.content) == (400, True)
