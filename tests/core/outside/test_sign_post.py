"""The command that signs and sends, against a site that answers as ours does."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from apps.core.envelope import parse_envelope, statement_id
from tests.core.outside.test_sign import (
    ID,
    LINES,
    draft_of_file,
    keygen,
    room,
    sign_with,
)

__all__ = ["room"]


class Site(BaseHTTPRequestHandler):
    """A site that remembers what it was sent."""

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.seen = (self.path, dict(self.headers), self.rfile.read(length))
        status, answer = self.server.answer
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    server = HTTPServer(("127.0.0.1", 0), Site)
    server.answer = (201, b'{"statement_id":"x"}')
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def post(room, site, draft="draft.json"):
    address = f"http://127.0.0.1:{site.server_address[1]}"
    return sign_with(
        room, "key.pem", draft, "--post", address, "--token-file", room / "token"
    )


def test_what_was_signed_is_sent_with_the_token(room, capsys, site):
    keygen(room, capsys)

    assert post(room, site) == 0

    path, headers, body = site.seen
    assert capsys.readouterr().out == '{"statement_id":"x"}\n'
    assert (path, headers["Authorization"]) == (
        "/api/v1/statements",
        "Bearer pt_secret",
    )
    assert statement_id(parse_envelope(body)) == ID


def test_a_file_of_events_goes_along(room, capsys, site):
    keygen(room, capsys)
    (room / "many.json").write_text(json.dumps(draft_of_file()))

    assert post(room, site, "many.json") == 0

    _, headers, body = site.seen
    assert headers["Content-Type"].startswith("multipart/form-data; boundary=")
    assert b'name="events"; filename="events.ndjson"' in body
    assert b"\r\n\r\n" + LINES.encode() + b"\r\n" in body


@pytest.mark.parametrize("answer", [(403, b'{"code":"unknown_key"}'), (302, b"")])
def test_a_refusal_of_the_site_is_shown_and_no_redirect_is_followed(
    room, capsys, site, answer
):
    keygen(room, capsys)
    site.answer = answer

    assert post(room, site) == 1

    assert f"{answer[0]} {answer[1].decode()}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "address", ["http://trace.example", "ftp://x", "trace.example"]
)
def test_a_token_is_not_sent_in_the_clear(room, capsys, address):
    keygen(room, capsys)

    code = sign_with(
        room,
        "key.pem",
        "draft.json",
        *("--post", address, "--token-file", room / "token"),
    )

    assert code == 1
    assert "bad address" in capsys.readouterr().err
