"""The demo network, committed and served: what a visitor sees on the first evening."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from apps.alerts.models import Alert
from apps.anchoring.operations import sequence
from apps.custody.models import Shipment
from apps.custody.queries.numbers import free_ssccs
from apps.intake.tasks import check_upload
from apps.jobs.models import Outbox
from apps.ledger.models import Leaf
from apps.partners.models import SigningKey, User
from apps.recalls.models import Recall
from pharmatrace.demo.cast import (
    AMOXIL,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Player,
)
from pharmatrace.demo.goods import BY_NUMBER
from pharmatrace.demo.signing import Keyring
from pharmatrace.demo.stage import Stage
from pharmatrace.demo.story import Story
from tests.access.packaging import PackWords, pack_on_the_line

# Everybody who opens pages; a stranger has no player.
ROLES: dict[str, Player | None] = {
    "maker": NOVAMED,
    "hub": TRANSPHARM,
    "shop": STELLA,
    "regulator": REGULATOR,
    "operator": OPERATOR,
    "stranger": None,
}


@dataclass
class Demo:
    """Names of what is there, and a session for each role."""

    ids: dict[str, str] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)


def build_demo(keyring: Keyring, at: datetime) -> Demo:
    """Play the demo's story, two uploads beside it; log and publish everything."""
    story = Story(Stage(keyring, at))
    story.play()
    demo = Demo()
    for role, player in ROLES.items():
        if player is not None:
            demo.sessions[role] = _log_in(player.admin.username)
    demo.ids = _name_all(story)
    _upload(demo)
    demo.ids |= _pack(demo)
    while sequence(at=timezone.now()):
        pass
    first = Leaf.objects.get(statement_id=demo.ids["statement"], position=0)
    demo.ids["entry"] = str(first.index)
    return demo


def _log_in(username: str) -> str:
    user = User.objects.get(username=username)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key
    return session.session_key


def _name_all(story: Story) -> dict[str, str]:
    recalled, fresh = BY_NUMBER["A123"], BY_NUMBER["C201"]
    shipments = Shipment.objects.order_by("event_id")
    to_shop = shipments.get(addressee=STELLA.gln, is_open=True)
    to_hub = shipments.filter(addressee=TRANSPHARM.gln, is_open=True).first()
    assert to_hub is not None
    signer = NOVAMED.people[1]
    return {
        "gtin": AMOXIL.gtin,
        "gln": NOVAMED.gln,
        "lot": recalled.number,
        "serial": recalled.serials[0],
        "case": story.cases["A123"][0].removeprefix("(00)"),
        "pallet": story.pallet_code.removeprefix("(00)"),
        "code": fresh.pack(3),
        "recalled_code": recalled.pack(8),
        "foreign_code": BY_NUMBER["D82/2"].pack(0),
        "recall": Recall.objects.get().pk,
        "statement": to_hub.event.ref,
        "shipment": to_hub.event.ref,
        "to_shop": to_shop.event.ref,
        "keyid": SigningKey.objects.get(signer=signer.signer).keyid,
        "alert": str(Alert.objects.latest("id").pk),
        "site": NOVAMED.sites[0].gln,
        "free": free_ssccs(gln=NOVAMED.gln, count=1)[0],
    }


def _pack(demo: Demo) -> dict[str, str]:
    """A pool with labels, a file of packing to be signed, and a refused one."""
    client = Client()
    client.cookies["sessionid"] = demo.sessions["maker"]
    lot = BY_NUMBER["A127"]
    words = PackWords(
        site=NOVAMED.sites[0].gln,
        gtin=AMOXIL.gtin,
        lot="A131",
        sscc=demo.ids["free"],
        loose=lot.serials[40:42],
        unknown="NOSUCHPACK",
    )
    return pack_on_the_line(client, words)


def _upload(demo: Demo) -> None:
    """One file that waits for its signature, one with wrong rows."""
    client = Client()
    client.cookies["sessionid"] = demo.sessions["maker"]
    fields: dict[str, Any] = {
        "gtin": AMOXIL.gtin,
        "lot": "A130",
        "expiry_date": "2030-02-28",
        "site": NOVAMED.sites[0].gln,
    }
    rows = {
        "upload": "".join(f"UP{number:08}\n" for number in range(200)),
        "refused": "".join(f"wrong row {number}\n" for number in range(40)),
    }
    for name, text in rows.items():
        file = SimpleUploadedFile(f"{name}.csv", f"serial\n{text}".encode())
        answer = client.post("/api/v1/uploads", fields | {"file": file})
        assert answer.status_code == 202, answer.content
        demo.ids[name] = answer.json()["id"]
    for row in Outbox.objects.filter(task="intake.check_upload", done_at=None):
        check_upload(outbox_id=row.pk, **row.kwargs)
