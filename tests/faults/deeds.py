"""The deeds of a site, each done in a process that lives for it alone."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import patch

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from apps.anchoring import operations as anchoring_operations
from apps.anchoring import queries as anchoring
from apps.anchoring.clients import files
from apps.anchoring.clients.lock_store import LockStore
from apps.anchoring.clients.log_key import log_signers
from apps.edge import beside, secrets
from apps.ledger import queries as ledger
from apps.ledger.models import Leaf, Pending, Statement
from apps.partners import operations as partners
from apps.partners.models import MemberRole
from apps.recalls import operations as recalls
from pharmatrace import fsck
from pharmatrace.demo.cast import AMOXIL, NOVAMED, REGULATOR, STELLA, TRADERS
from pharmatrace.demo.goods import RECALLED
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from pharmatrace.demo.story import Story, _recall_wish
from tests.faults import nemesis, rewriting, tampering, uploading

# Every head that was ever signed here, whether it reached the lock store or not.
SIGNED = "signed-heads"
TOKEN = "token"


def do(order: dict[str, Any]) -> Any:
    """One deed by its name, under the faults that were ordered."""
    _keep_signed_heads()
    for fault in order["faults"]:
        nemesis.install(**fault)
    try:
        return _DEEDS[order["start"]](*order["words"])
    finally:
        connections.close_all()


def _keep_signed_heads() -> None:
    swap = LockStore.swap

    def noted(self: LockStore, *, expected: bytes | None, note: bytes) -> None:
        with (_var() / SIGNED).open("a") as file:
            file.write(json.dumps(note.decode()) + "\n")
        swap(self, expected=expected, note=note)

    LockStore.swap = noted


def _open() -> None:
    """A ledger with partners, a product and a lot; nothing of it is logged yet."""
    call_command("migrate", verbosity=0, interactive=False)
    secrets.create_missing()
    stage = _stage()
    stage.open_ledger()
    for player in TRADERS:
        stage.admit(player)
        stage.license(player)
    stage.register(NOVAMED, AMOXIL)
    Story(stage).commission(RECALLED)
    regulator = stage.actor(REGULATOR)
    _, token = partners.create_token(
        actor=regulator, name="machine", role=MemberRole(regulator.role), at=stage.at
    )
    (_var() / TOKEN).write_text(token)


def _tell() -> None:
    """The whole story of the demo, every kind of row."""
    call_command("migrate", verbosity=0, interactive=False)
    secrets.create_missing()
    Story(_stage()).play()


def _var() -> Path:
    return Path(settings.VAR_DIR)


def _stage() -> Stage:
    return Stage(Keyring(settings.DEMO_KEYS_DIR), timezone.now())


def _say(count: int) -> list[str]:
    """Licences of Stella's, the one after the other; their statements."""
    stage, said = _stage(), Statement.objects.count()
    return [
        stage.license(STELLA, to=f"{2040 + said + number}-01-01").statement_id
        for number in range(count)
    ]


def _grow(size: int) -> None:
    """A checkpoint a licence, until the log has `size` leaves or one more."""
    stage = _stage()
    while Leaf.objects.count() < size:
        stage.license(STELLA)
        anchoring_operations.sequence(at=stage.tick())


def _box() -> None:
    """A lot into cases: many events under one signature."""
    Story(_stage()).box(RECALLED)


def _recall() -> str:
    stage = _stage()
    opened = stage.act(NOVAMED, _recall_wish()).statement_id
    recalls.flag_affected(recall_id=opened, at=stage.tick())
    return opened


def _integrate(*options: str) -> str:
    out = io.StringIO()
    call_command("integrate", *options, stdout=out)
    return out.getvalue().strip()


def _integrate_in_threads() -> str:
    """The same, the few as if they were many: what a backlog does beside itself."""
    with patch.object(files, "MANY", 1), patch.object(beside, "MANY", 1):
        return _integrate()


def _sign() -> str:
    """A fresh licence, signed and not sent."""
    sent: list[bytes] = []
    with patch.object(Stage, "send", lambda _, envelope, *_rest: sent.append(envelope)):
        _stage().license(STELLA, to="2090-01-01")
    return sent[0].decode()


def _post(envelope: str) -> dict[str, Any]:
    """What the machine's door says to a signed statement."""
    client = Client(raise_request_exception=False, headers={"host": "localhost"})
    answer = client.post(
        "/api/v1/statements",
        envelope.encode(),
        content_type="application/json",
        headers={"Authorization": f"Bearer {(_var() / TOKEN).read_text()}"},
    )
    document = answer.json()
    return {
        "status": answer.status_code,
        "retry_after": answer.headers.get("Retry-After"),
        "code": document.get("code"),
        "id": document.get("statement_id"),
    }


def _fill_and_post(envelope: str) -> dict[str, Any]:
    """The same where the disk fills while a worker is at work."""
    Statement.objects.count()
    _fill()
    return _post(envelope)


def _fill() -> None:
    """Leave no block free on the disk of the site's files."""
    with (_var() / "ballast").open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(1 << 16))
        with suppress(OSError):
            while True:
                file.write(b"x")


def _upload_and_fill(moment: str, lot: str, first: int, count: int) -> str:
    """A file of serials, and a disk that is full from `moment` on."""
    return uploading.stop_at(moment, _fill, lot, first, count)


def _free() -> None:
    (_var() / "ballast").unlink()


def _keys() -> list[str]:
    return [signer.verifier.format() for signer in log_signers()]


def _go_on() -> dict[str, Any]:
    """The next two ticks of the beat, and what stands there then."""
    for _ in range(2):
        call_command("integrate", stdout=io.StringIO())
    return _look()


def _findings() -> list[tuple[str, str, str]]:
    """What fsck thinks of everything."""
    return [
        (each.code, each.where, each.sentence())
        for each in fsck.check_everything(at=timezone.now())
    ]


def _look() -> dict[str, Any]:
    """What stands in the database, and what fsck thinks of it."""
    quarantine = ledger.find_quarantine()
    leaves = Leaf.objects.exclude(statement=None)
    newest = anchoring.newest_checkpoint()
    return {
        "findings": _findings(),
        "said": list(
            Statement.objects.order_by("accept_no").values_list("id", flat=True)
        ),
        "pending": list(Pending.objects.values_list("statement_id", flat=True)),
        "logged": list(leaves.order_by("index").values_list("statement_id", "index")),
        "accepted": list(
            Statement.objects.order_by("accept_no").values_list(
                "accepted_ms", flat=True
            )
        ),
        "times": list(Leaf.objects.order_by("index").values_list("time_ms", flat=True)),
        "published": newest.size if newest else 0,
        "quarantine": quarantine.reason if quarantine else None,
        "database": connection.vendor,
    }


_DEEDS: dict[str, Callable[..., Any]] = {
    "open": _open,
    "tell": _tell,
    "say": _say,
    "grow": _grow,
    "box": _box,
    "recall": _recall,
    "integrate": _integrate,
    "integrate in threads": _integrate_in_threads,
    "sign": _sign,
    "post": _post,
    "fill and post": _fill_and_post,
    "fill": _fill,
    "free": _free,
    "go_on": _go_on,
    "findings": _findings,
    "look": _look,
    "upload": uploading.upload,
    "prepare": uploading.prepare,
    "send": uploading.send,
    "registered": uploading.registered,
    "sweep": uploading.sweep,
    "upload and fill": _upload_and_fill,
    "keys": _keys,
    "cut tail": rewriting.cut_tail,
    "hash again": rewriting.hash_again,
    "classes": tampering.list_classes,
    "tamper": tampering.tamper_all,
}
