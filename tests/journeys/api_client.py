"""A partner's machine: draft, sign with the partner's own key, submit, all by HTTP."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.core.signing import PrivateKey
from apps.core.strict import parse_base64
from apps.partners import operations as partners
from apps.partners.models import MemberRole
from pharmatrace.demo.cast import Person, Player
from pharmatrace.demo.signing import sign_statement
from tests.cast import Stage


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    headers: Any

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class ApiClient:
    """One token of one partner, and the key that signs for it.

    Args:
        token: a bearer token; None asks as a stranger.
        key: the key of the person whose token it is.
    """

    def __init__(self, token: str | None, key: PrivateKey | None = None) -> None:
        self._http = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._key = key

    @classmethod
    def of(
        cls,
        stage: Stage,
        player: Player,
        person: Person | None = None,
        *,
        role: MemberRole | None = None,
    ) -> ApiClient:
        """A fresh token of a person of the cast, with the person's role or less."""
        actor = stage.actor(player, person)
        _row, token = partners.create_token(
            actor=actor,
            name="tests",
            role=role or MemberRole(actor.role),
            at=timezone.now(),
        )
        return cls(token, stage.keyring.key_of(player, person))

    def get(self, path: str) -> Answer:
        """GET an address."""
        return self._answer(self._http.get(path, headers=self.headers))

    def delete(self, path: str) -> Answer:
        """DELETE an address."""
        return self._answer(self._http.delete(path, headers=self.headers))

    def post(
        self, path: str, body: bytes, content_type: str = "application/json"
    ) -> Answer:
        """POST exactly these bytes."""
        return self._answer(
            self._http.generic(
                "POST", path, body, content_type=content_type, headers=self.headers
            )
        )

    def head(self, path: str) -> Answer:
        """HEAD of an address."""
        return self._answer(self._http.head(path, headers=self.headers))

    def append(self, path: str, chunk: bytes, offset: int | str | None) -> Answer:
        """PATCH a piece of a file from an offset on."""
        said = {} if offset is None else {"Upload-Offset": str(offset)}
        return self._answer(
            self._http.generic(
                "PATCH",
                path,
                chunk,
                content_type="application/partial-upload",
                headers=self.headers | said,
            )
        )

    def post_form(self, path: str, **parts: Any) -> Answer:
        """POST multipart/form-data; bytes become files."""
        data = {
            name: SimpleUploadedFile(name, value) if isinstance(value, bytes) else value
            for name, value in parts.items()
        }
        return self._answer(self._http.post(path, data, headers=self.headers))

    def draft(self, wish: dict[str, Any]) -> Answer:
        """Ask for the bytes to sign."""
        return self.post("/api/v1/drafts", json.dumps(wish).encode())

    def sign(self, draft: dict[str, Any], *others: PrivateKey) -> bytes:
        """The envelope over a draft's exact bytes, by our key and `others`."""
        assert self._key is not None
        payload = parse_base64(draft["payload"], field="payload")
        return sign_statement(payload, self._key, *others)

    def submit(self, envelope: bytes, lines: str | None = None) -> Answer:
        """Send a signed statement, with its events if it has any."""
        if lines is None:
            return self.post("/api/v1/statements", envelope)
        return self.post_form(
            "/api/v1/statements", envelope=envelope, events=lines.encode()
        )

    def submit_all(self, envelopes: Sequence[bytes]) -> Answer:
        """Send many signed statements at once."""
        body = b"\n".join(envelopes) + b"\n"
        return self.post("/api/v1/statements:batch", body, "application/x-ndjson")

    def act(self, wish: dict[str, Any]) -> Answer:
        """Draft, sign, submit; a refused draft is the answer."""
        drafted = self.draft(wish)
        if drafted.status != 200:
            return drafted
        return self.submit(self.sign(drafted.json), drafted.json.get("lines"))

    def upload(self, content: bytes, **fields: Any) -> Answer:
        """Send a file of serials."""
        return self.post_form("/api/v1/uploads", file=content, **fields)

    def _answer(self, response: Any) -> Answer:
        body = b"".join(response) if response.streaming else response.content
        return Answer(response.status_code, body, response.headers)
