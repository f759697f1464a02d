"""Novamed's machine at a served demo, by HTTP alone."""

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx

from apps.core.strict import parse_base64
from pharmatrace.demo.cast import CARDIOL, NOVAMED, PASSWORD
from pharmatrace.demo.signing import Keyring, sign_statement
from tests.site.serving import ROOT

SIZE = 1_000  # serials of an upload
LOT = "S900"


class Maker:
    """Novamed's machine: a token made on its page, and the demo's key."""

    def __init__(self, url: str, var_dir: Path) -> None:
        self.url = url
        self.token = _make_token(url)
        self.draft: dict[str, str] = {}
        self.key = Keyring(var_dir / "demo-keys").key_of(NOVAMED)
        self.http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {self.token}"},
            trust_env=False,
            timeout=30,
        )

    def upload(self, folder: Path) -> None:
        """Have a file of serials checked by the command; its draft is kept to sign.

        Args:
            folder: for the file, the token and the draft.
        """
        rows = "\n".join(["serial", *(f"SRV{n:06}" for n in range(SIZE)), ""])
        (folder / "serials.csv").write_text(rows)
        (folder / "token").write_text(self.token)
        command = [
            *(sys.executable, "-m", "apps.core.outside.upload"),
            *(str(folder / "serials.csv"), "--site", self.url),
            *("--gtin", CARDIOL.gtin, "--lot", LOT, "--expiry-date", "2029-06-30"),
            *("--site-gln", NOVAMED.sites[0].gln),
            *("--token-file", str(folder / "token")),
        ]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert f"checked  {SIZE:,} serials" in done.stderr
        self.draft = json.loads(done.stdout)

    def commission(self) -> str:
        """Sign and send what was drafted; the id of the statement."""
        payload = parse_base64(self.draft["payload"], field="payload")
        sent = self.http.post(
            "/api/v1/statements",
            content=sign_statement(payload, self.key),
            headers={"Content-Type": "application/json"},
        )
        assert sent.status_code == 201, sent.text
        return self.draft["statement_id"]

    def hold(self, number: int, *, wait: int = 0) -> httpx.Response:
        """Put one pack of the upload on hold; `wait` seconds for the proof."""
        code = f"https://id.gs1.org/01/{CARDIOL.gtin}/21/SRV{number:06}"
        site = NOVAMED.sites[0].gln
        wish = {"kind": "event", "step": "hold", "site": site, "items": [code]}
        draft = self.http.post("/api/v1/drafts", json=wish)
        assert draft.status_code == 200, draft.text
        payload = parse_base64(draft.json()["payload"], field="payload")
        return self.http.post(
            "/api/v1/statements",
            params={"wait": wait},
            content=sign_statement(payload, self.key),
            headers={"Content-Type": "application/json"},
        )

    def is_proven(self, statement_id: str) -> bool:
        """Whether a published checkpoint covers the statement."""
        path = f"/api/v1/statements/{statement_id}/proof"
        return self.http.get(path).status_code == 200


def _make_token(url: str) -> str:
    """Log in as Nora and make a token, as she would."""
    with httpx.Client(base_url=url, trust_env=False, timeout=30) as nora:
        credentials = {"login": NOVAMED.admin.username, "password": PASSWORD}
        _submit(nora, "/accounts/login/", "/accounts/login/", credentials)
        form = {"name": "ERP", "role": "signer"}
        shown = _submit(nora, "/organisation", "/organisation/tokens", form)
    (token,) = set(re.findall(r"pt_[0-9a-f]{12}_[\w-]+", shown))
    return token


def _submit(person: httpx.Client, page: str, to: str, fields: dict[str, str]) -> str:
    form = person.get(page).text
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    assert found, form[:500]
    sent = person.post(
        to, data={**fields, "csrfmiddlewaretoken": found[1]}, follow_redirects=True
    )
    assert sent.status_code == 200, sent.text[:500]
    return sent.text
