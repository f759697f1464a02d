"""A site that answers `pharmatrace-upload` as ours does, and the command against it."""

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from apps.core.outside import upload

ID = "0f6a3c1e-8f0b-4c43-9f5e-2f1f4e9d8a11"
PLACE = f"/api/v1/uploads/{ID}"
SERIALS = b"serial\nA1\nA2\n"
DIGEST = hashlib.sha256(SERIALS).hexdigest()
ERROR = {
    "line": 2,
    "code": "serial_known",
    "column": "serial",
    "message": "This serial is known.",
    "got": "A1\x1b[31m",
    "wanted": "another",
}


def state(name, **more):
    return {
        "id": ID,
        "state": name,
        "file_digest": DIGEST,
        "received_bytes": 0,
        "rows_done": 2,
        "rows_total": 2,
        "error_count": 0,
        "is_born_recalled": False,
        "statement_id": "",
        "errors_by_line": [],
    } | more


class Site(BaseHTTPRequestHandler):
    """Answers from a list for each call, the last answer again and again."""

    def _answer(self):
        length = int(self.headers.get("Content-Length") or 0)
        call = f"{self.command} {self.path}"
        self.server.seen.append((call, dict(self.headers), self.rfile.read(length)))
        answers = self.server.answers[call]
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        if status is None:  # the connection is cut
            self.close_connection = True
            return
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def do_GET(self):
        self._answer()

    def do_POST(self):
        self._answer()

    def do_PATCH(self):
        self._answer()

    def log_message(self, *_):
        pass


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setattr(upload, "_POLL_SECONDS", 0.01)
    server = HTTPServer(("127.0.0.1", 0), Site)
    server.seen = []
    server.answers = {
        "POST /api/v1/uploads": [(201, state("receiving"))],
        f"PATCH {PLACE}": [(204, b"")],
        f"GET {PLACE}": [(200, state("checking")), (200, state("staged"))],
        f"GET {PLACE}/statement": [(200, b'{"payload":"x"}')],
        f"GET {PLACE}/errors": [(200, b"line,code\r\n2,serial_known\r\n")],
    }
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def send(tmp_path, site, capsys):
    (tmp_path / "serials.csv").write_bytes(SERIALS)
    (tmp_path / "token").write_text("pt_secret\n")

    def send(*more, address=""):
        code = upload.run(
            [
                str(tmp_path / "serials.csv"),
                *("--site", address or f"http://127.0.0.1:{site.server_address[1]}"),
                *("--gtin", "09521568600330", "--lot", "D90"),
                *("--expiry-date", "2029-06-30", "--site-gln", "9521568000024"),
                *("--token-file", str(tmp_path / "token"), "--patience", "0.2"),
                *more,
            ]
        )
        said = capsys.readouterr()
        return code, said.out, said.err

    return send


def calls(site):
    return [call for call, _, _ in site.seen]


def chunks(site):
    return [
        (int(headers["Upload-Offset"]), body)
        for call, headers, body in site.seen
        if call == f"PATCH {PLACE}"
    ]
