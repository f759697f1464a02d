"""What every answer carries, whatever it is: policy, privacy, cookies.

The middleware is that of the running site, its server of static files included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import include, path

from apps.core.errors import ForbiddenTransfer, Unavailable
from apps.edge import problems
from pharmatrace.settings import MIDDLEWARE
from tests.access.actors import FORM
from tests.access.cast import A
from tests.access.clients import client_of, undone
from tests.access.routes import ROUTES, address_of
from tests.access.world import World

# Anybody may keep these: they are the same for all, or made to be fetched.
PUBLIC = ("/log/", "/static/")
ERRORS: dict[str, Exception] = {
    "refused": ForbiddenTransfer("not_the_holder", rule="shipping"),
    "waiting": Unavailable("quarantine", retry_after_seconds=60),
    "full": Unavailable("disk_full"),
    "bug": KeyError("ours"),
}


def fail(request: HttpRequest, name: str) -> HttpResponse:
    raise ERRORS[name]


urlpatterns = [path("fail/<str:name>", fail), path("", include("pharmatrace.urls"))]
handler400, handler403 = problems.handler400, problems.handler403
handler404, handler500 = problems.handler404, problems.handler500


@pytest.fixture(scope="module")
def as_running(world: World) -> Iterator[World]:
    """The middleware of the running site; static files straight from the tree."""
    served = override_settings(
        MIDDLEWARE=MIDDLEWARE,
        ROOT_URLCONF=__name__,
        WHITENOISE_USE_FINDERS=True,
        WHITENOISE_AUTOREFRESH=True,
    )
    with served:
        yield world


def _faults(response: Any, address: str) -> list[str]:
    policy = _policy(response)
    # The page that is one file admits its one script, and none of our other files.
    is_one_file = address == "/verify" and response.status_code == 200
    script = "'sha256-" if is_one_file else "'self'"
    wanted = {
        "unsafe": not any(
            "unsafe-inline" in v or "'unsafe-eval'" in v for v in policy.values()
        ),
        "default-src": policy.get("default-src") == "'none'",
        "script-src": policy.get("script-src", "").startswith(script),
        "frame-ancestors": policy.get("frame-ancestors") == "'none'",
        "base-uri": policy.get("base-uri") == "'none'",
        "form-action": policy.get("form-action") in {"'self'", "'none'"},
        "object-src": policy.get("object-src") == "'none'",
        "nosniff": response.get("X-Content-Type-Options") == "nosniff",
        "referrer": response.get("Referrer-Policy") == "same-origin",
        "opener": response.get("Cross-Origin-Opener-Policy") == "same-origin",
        "permissions": "geolocation=()" in response.get("Permissions-Policy", ""),
        "request id": len(response.get("X-Request-ID", "")) >= 8,
        "no-store": address.startswith(PUBLIC)
        or "no-store" in response.get("Cache-Control", ""),
        "cors": address.startswith(("/log/", "/01/"))
        or not response.has_header("Access-Control-Allow-Origin"),
    }
    return [
        f"{response.status_code} {address}: {name}"
        for name, ok in wanted.items()
        if not ok
    ]


def _policy(response: Any) -> dict[str, str]:
    text = response.get("Content-Security-Policy", "")
    parts = (part.strip().partition(" ") for part in text.split(";"))
    return {name: value for name, _blank, value in parts}


def _cookie_faults(response: Any, address: str) -> list[str]:
    """Every cookie that is set is http-only and stays with this site."""
    return [
        f"{address}: {name} {flag}"
        for name, cookie in response.cookies.items()
        for flag in ("httponly", "samesite")
        if cookie.value and not cookie[flag]
    ]


@pytest.mark.parametrize("who", ["stranger", "member", "machine"])
def test_every_answer_is_locked_down(who: str, as_running: World) -> None:
    world = as_running
    client = client_of(world.user(A.maker.admin) if who == "member" else None)
    token = {"Authorization": f"Bearer {world.tokens['A']}"} if who == "machine" else {}
    faults: list[str] = []

    for route in ROUTES:
        address = address_of(route, world)
        for method, accept in (("GET", "text/html"), ("GET", "*/*"), ("POST", "*/*")):
            with undone():
                response = client.generic(
                    method,
                    address,
                    content_type=FORM,
                    headers=token | {"Accept": accept},
                )
                faults += _faults(response, address)
                faults += _cookie_faults(response, address)

    assert sorted(set(faults)) == []


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/static/css/base.css", 200),
        ("/static/js/app.js", 200),
        ("/static/img/icons.svg", 200),
        ("/static/nowhere.css", 404),
        ("/nowhere", 404),
        ("/api/v1/nowhere", 404),
        ("/?q=%00", 400),
        ("/fail/refused", 409),
        ("/fail/waiting", 503),
        ("/fail/full", 507),
        ("/fail/bug", 500),
        ("/accounts/login", 301),
    ],
)
@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_files_and_failures_are_locked_down_too(
    address: str, status: int, accept: str, as_running: World
) -> None:
    response = client_of(None).get(address, headers={"Accept": accept})
    list(response)

    assert response.status_code == status
    assert _faults(response, address) == []


def test_a_refused_form_and_an_oversize_body_are_locked_down_too(
    as_running: World,
) -> None:
    client = client_of(as_running.user(A.maker.admin), enforce_csrf=True)

    refused = client.post("/organisation/tokens", {"name": "x", "role": "member"})
    oversize = client.generic("POST", "/device", CONTENT_LENGTH="999999999999")

    assert (refused.status_code, oversize.status_code) == (403, 413)
    assert _faults(refused, "/organisation/tokens") == []
    assert _faults(oversize, "/device") == []


def test_no_form_of_a_session_is_taken_without_its_token(as_running: World) -> None:
    """Log-out and log-in too; a machine's token is no cookie and needs none."""
    world = as_running
    client = client_of(world.user(A.maker.admin), enforce_csrf=True)
    heard = {}

    for route in ROUTES:
        if {"ok", "moved", "bad"} & set(route.rules["POST"].values()):
            address = address_of(route, world)
            with undone():
                heard[address] = client.post(address).status_code

    assert {a: s for a, s in heard.items() if s not in {401, 403}} == {}


def test_a_session_cookie_is_new_after_log_in(as_running: World) -> None:
    user = as_running.user(A.shop.admin)
    client = client_of(None)
    user.set_password("correct horse battery 9")
    user.save()
    client.get("/accounts/login/")
    client.cookies["sessionid"] = "chosen-by-somebody-else-0123456789"

    client.post(
        "/accounts/login/",
        {"login": user.username, "password": "correct horse battery 9"},
    )

    cookie = client.cookies["sessionid"]
    assert cookie.value != "chosen-by-somebody-else-0123456789"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (
        True,
        "Lax",
        "/",
    )
    assert cookie["secure"] == ("" if settings.EMBEDDED else True)
