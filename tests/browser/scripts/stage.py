"""A tiny site for scripts: our templates, our static files, our content policy.

Answers of the machine door are set by each test; what the browser sent is kept.
"""

import json
import mimetypes
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from csp.constants import WASM_UNSAFE_EVAL
from csp.utils import build_policy
from django.contrib.staticfiles import finders
from django.template import engines
from django.template.backends.django import DjangoTemplates
from django.test import RequestFactory, override_settings

TEMPLATES = Path(__file__).resolve().parents[3] / "templates"
PAGES = Path(__file__).parent / "pages"
STELLA = "9524141000015"
FRAME = SimpleNamespace(
    organisation_name="Stella Pharmacy",
    role="Pharmacy",
    gln=STELLA,
    person="Anna Berger",
    inbox_count=3,
    nav=(
        SimpleNamespace(label="Scan", url="/scan", current=True),
        SimpleNamespace(label="Receive", url="/receive", current=False),
    ),
    log_size=48211,
    checkpoint_age="4 s ago",
    checkpoint_at=datetime(2026, 11, 21, 9, 29, 56, tzinfo=UTC),
    witnesses_label="2 of 2 witnesses",
    trust_state="go",
)
Answer = tuple[int, dict[str, Any]]


@dataclass
class Sent:
    """One request that a script made with a body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Stage:
    """Pages to show, answers to give, and what was sent meanwhile."""

    url: str = ""
    pages: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Callable[[Sent | None], Answer]] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def show(self, path: str, template: str, **context: Any) -> str:
        """Serve `template` at `path`; the whole address is returned."""
        self.pages[path] = render(template, **context)
        return self.url + path

    def sent_to(self, path: str) -> list[Sent]:
        return [each for each in self.sent if each.path == path]


def render(template: str, *, user: int = 7, **context: Any) -> str:
    """`template` as a signed-in person of Stella sees it."""
    request = RequestFactory().get("/")
    request.user = SimpleNamespace(is_authenticated=bool(user), pk=user)
    with override_settings(ROOT_URLCONF="tests.browser.scripts.stage_urls"):
        page = _engine().get_template(template)
        return page.render({"frame": FRAME if user else None, **context}, request)


@cache
def _engine() -> DjangoTemplates:
    """One for all tests: it keeps what it has compiled."""
    assert engines
    return DjangoTemplates(
        {
            "NAME": "stage",
            "DIRS": [TEMPLATES, PAGES],
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": ["django.template.context_processors.request"]
            },
        }
    )


class _Handler(BaseHTTPRequestHandler):
    stage: Stage

    def do_GET(self) -> None:
        whole = urlsplit(self.path)  # of a proxy it is asked for whole addresses
        path = whole.path
        self.stage.asked.append(whole._replace(scheme="", netloc="").geturl())
        if path.startswith("/static/"):
            self._file(finders.find(path.removeprefix("/static/")))
        elif path in self.stage.answers:
            self._document(self.stage.answers[path](None))
        elif path in self.stage.pages:
            self._answer(
                200, "text/html; charset=utf-8", self.stage.pages[path].encode()
            )
        else:
            self._answer(404, "text/plain", b"no such page")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        path = urlsplit(self.path).path
        sent = Sent(path, dict(self.headers), body)
        self.stage.sent.append(sent)
        self._document(self.stage.answers[path](sent))

    def _document(self, answer: Answer) -> None:
        status, document = answer
        kind = "application/json" if status < 400 else "application/problem+json"
        self._answer(status, kind, json.dumps(document).encode())

    def _file(self, found: str | None) -> None:
        if found is None:
            self._answer(404, "text/plain", b"")
            return
        kind = mimetypes.guess_type(found)[0] or "application/octet-stream"
        self._answer(200, kind, Path(found).read_bytes())

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        allows_wasm = urlsplit(self.path).path == "/scan"
        policy, _ = _policy(allows_wasm=allows_wasm)
        self.send_header("Content-Security-Policy", policy)
        self.send_header("Permissions-Policy", "camera=(self)")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the tests say what they saw."""


def _policy(*, allows_wasm: bool) -> tuple[str, None]:
    update = {"script-src": [WASM_UNSAFE_EVAL]} if allows_wasm else None
    return build_policy(update=update), None


def open_stage() -> tuple[Stage, ThreadingHTTPServer]:
    """A stage that serves at localhost (a secure context) until it is shut down."""
    stage = Stage()
    handler = type("Handler", (_Handler,), {"stage": stage})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stage.url = f"http://localhost:{server.server_address[1]}"
    return stage, server
