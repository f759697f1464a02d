"""Web processes of one site, and machines that ask them by HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from apps.core.signing import PrivateKey
from apps.core.strict import parse_base64
from pharmatrace.demo.signing import sign_statement

ROOT = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "HOME", "LANG", "REDIS_URL")


def environment(folder: Path, **own: str) -> dict[str, str]:
    """What a process of the site knows, and nothing of the tests' own settings."""
    from django.conf import settings

    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    site = {
        "VAR_DIR": str(folder),
        "SECRETS_DIR": str(settings.SECRETS_DIR),
        "DEMO": "0",
        "LOG_LEVEL": "WARNING",
    }
    return kept | site | own


def serve(port: int, given: dict[str, str]) -> subprocess.Popen[bytes]:
    """`manage.py serve`, the web part alone, with one process behind it."""
    command = ["manage.py", "serve", "--no-prepare", "--only", "web"]
    return subprocess.Popen(
        [sys.executable, *command, "--port", str(port), "--workers", "1"],
        cwd=ROOT,
        env=given,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@dataclass(frozen=True)
class Answer:
    status: int
    source: str  # X-Read-Source
    json: Any


@dataclass(frozen=True)
class Machine:
    """One token, asking one web process.

    Attributes:
        site: the host that a proxy was asked for by https; "": none is in front.
    """

    url: str
    token: str
    key: PrivateKey
    site: str = ""

    def at(self, url: str) -> Machine:
        """The same machine at another process."""
        return replace(self, url=url)

    def ask(self, path: str, body: bytes | None = None) -> Answer:
        request = urllib.request.Request(
            self.url + path,
            data=body,
            headers={
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                **self._proxied(),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return _answer(response)
        except urllib.error.HTTPError as error:
            return _answer(error)

    def _proxied(self) -> dict[str, str]:
        if not self.site:
            return {}
        return {"Host": self.site, "X-Forwarded-Proto": "https"}

    def act(self, wish: dict[str, Any]) -> str:
        """Draft, sign, submit; the statement's id."""
        drafted = self.ask("/api/v1/drafts", json.dumps(wish).encode())
        assert drafted.status == 200, drafted.json
        payload = parse_base64(drafted.json["payload"], field="payload")
        sent = self.ask("/api/v1/statements", sign_statement(payload, self.key))
        assert sent.status == 201, sent.json
        return str(sent.json["statement_id"])


def _answer(response: Any) -> Answer:
    source = response.headers.get("X-Read-Source", "")
    return Answer(response.status, source, json.loads(response.read()))
