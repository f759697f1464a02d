"""The key of this device, requests for new keys, and the end of a key."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.core.canonical import JsonValue, canonical_bytes, parse_json
from apps.core.errors import TraceError
from apps.core.fields import Fields
from apps.edge.json_only import json_only
from apps.edge.page_parts import SignPanel
from apps.partners import operations, queries
from apps.partners.authentication import actor_of, admin_required, member_required
from apps.partners.operations import Asked
from apps.partners.queries import Actor, KeyRow, Passkey, RequestRow

_BODY_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Device:
    """What the device part wants of this person's keys.

    Attributes:
        enrolled, ended: keyids that sign, and those that do no more.
        own: the enrolled ones with their labels, of which one may be replaced.
        passkeys: which authenticators may be asked, from any browser.
        rp_id: the host to which passkeys of this ledger belong.
        may_confirm: an administrator's key here replaces itself.
    """

    enrolled: list[str]
    ended: list[str]
    own: list[KeyRow]
    passkeys: list[dict[str, str]]
    rp_id: str
    may_take_file: bool
    may_confirm: bool


@dataclass(frozen=True, slots=True)
class DevicePage:
    """This device and the requests that wait."""

    device: Device
    own_requests: list[RequestRow]
    requests: list[RequestRow]
    can_administer: bool
    can_sign: bool
    is_demo: bool


@dataclass(frozen=True, slots=True)
class RevokePage:
    """The form that ends a key."""

    keyid: str
    person: str
    label: str
    is_proposed: bool  # by an authority, for the operator to sign too
    wish: dict[str, str]
    sign: SignPanel


@require_safe
@member_required
def device(request: HttpRequest) -> HttpResponse:
    """Keys of this browser; an admin also confirms the requests of others."""
    actor = actor_of(request)
    waiting = queries.list_requests(actor=actor)
    page = DevicePage(
        device=_device(actor),
        own_requests=[] if actor.can_administer else waiting,
        requests=waiting if actor.can_administer else [],
        can_administer=actor.can_administer,
        can_sign=actor.can_sign,
        is_demo=settings.DEMO,
    )
    return render(request, "partners/device_detail.html", {"page": page})


def _device(actor: Actor) -> Device:
    enrolled = queries.list_own_keyids(actor=actor)
    rows = queries.list_key_rows(gln=actor.gln, actor=actor)
    genesis = queries.find_genesis()
    return Device(
        enrolled=enrolled,
        ended=[
            key.keyid
            for key in queries.list_own_keys(actor=actor)
            if key.revoked_ms is not None
        ],
        own=[row for row in rows if row.key.keyid in enrolled],
        passkeys=[_told(each) for each in queries.list_own_passkeys(actor=actor)],
        rp_id=genesis.webauthn.rp_id if genesis else "",
        may_take_file=actor.can_sign,
        may_confirm=actor.can_administer,
    )


def _told(passkey: Passkey) -> dict[str, str]:
    """A passkey as a script takes it over into this browser."""
    return {
        "keyid": passkey.keyid,
        "credential": passkey.credential_id,
        "label": passkey.label,
        "spki": passkey.spki_b64,
    }


@require_POST
@member_required
@json_only
def key_requests(request: HttpRequest) -> HttpResponse:
    """A new key asks to be enrolled: `{"envelope": DSSE, "label", "credential_id",
    "replaces", "lost_since"}`, all but the first optional.
    """
    fields = Fields(parse_json(request.body, max_bytes=_BODY_BYTES), where="")
    envelope: JsonValue = fields.take("envelope")
    told = _read_asked(fields)
    fields.close()
    asked = operations.request_key(
        actor=actor_of(request),
        envelope=canonical_bytes(envelope),
        asked=told,
        at=timezone.now(),
    )
    is_confirmed = settings.DEMO and import_string(settings.DEMO_APPROVER)(
        request_id=asked.pk, at=timezone.now()
    )
    answer = {"id": asked.pk, "keyid": asked.keyid, "confirmed": is_confirmed}
    return JsonResponse(answer, status=201)


def _read_asked(fields: Fields) -> Asked:
    return Asked(
        label=fields.text("label", longest=80) if fields.has("label") else "",
        credential_id=(
            fields.text("credential_id", longest=1_400)
            if fields.has("credential_id")
            else ""
        ),
        replaces=fields.hexed("replaces").hex() if fields.has("replaces") else "",
        lost_since=fields.date("lost_since") if fields.has("lost_since") else None,
    )


@require_POST
@admin_required
def key_help(request: HttpRequest, request_id: int) -> HttpResponse:
    """Ask the offices to enrol one's key: no administrator's key is left."""
    try:
        operations.ask_offices(
            actor=actor_of(request), request_id=request_id, at=timezone.now()
        )
    except TraceError as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            _("The authority and the operator were asked. They sign within a day."),
        )
    return redirect("device")


@require_safe
@admin_required
def key_revoke(request: HttpRequest, keyid: str) -> HttpResponse:
    """The form whose signature ends a key: one's own, or for an authority any."""
    actor = actor_of(request)
    found = queries.keys_visible_to(actor).filter(keyid=keyid, revoked_ms=None).first()
    is_own = found is not None and found.partner == actor.partner
    if found is None or not (is_own or queries.is_authority(actor.gln)):
        raise Http404
    operations.note_read(
        actor=actor, action="key", subject=found.partner.gln, at=timezone.now()
    )
    (row,) = (
        row
        for row in queries.list_key_rows(gln=found.partner.gln, actor=actor)
        if row.key.keyid == keyid
    )
    label = _("Sign and revoke this key") if is_own else _("Sign and propose its end")
    page = RevokePage(
        keyid=keyid,
        person=row.person,
        label=row.label,
        is_proposed=not is_own,
        wish={"kind": "key.revoke", "keyid": keyid},
        sign=SignPanel(label=label, meaning=_("revokes a signing key")),
    )
    return render(request, "partners/key_revoke.html", {"page": page})
