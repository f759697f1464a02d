"""The key of this device, requests for new keys, and the end of a key."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from apps.core.canonical import JsonValue, canonical_bytes, parse_json
from apps.core.fields import Fields
from apps.edge.json_only import json_only
from apps.partners import operations, queries
from apps.partners.authentication import actor_of, admin_required, member_required
from apps.partners.queries import RequestRow
from apps.partners.views.parts import SignPanel

_BODY_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Device:
    """What the device part wants: keys of this person that are enrolled."""

    enrolled: list[str]
    may_take_file: bool


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
    wish: dict[str, str]
    sign: SignPanel


@require_safe
@member_required
def device(request: HttpRequest) -> HttpResponse:
    """Keys of this browser; an admin also confirms the requests of others."""
    actor = actor_of(request)
    waiting = queries.list_requests(actor=actor)
    page = DevicePage(
        device=Device(
            enrolled=queries.list_own_keyids(actor=actor), may_take_file=actor.can_sign
        ),
        own_requests=[] if actor.can_administer else waiting,
        requests=waiting if actor.can_administer else [],
        can_administer=actor.can_administer,
        can_sign=actor.can_sign,
        is_demo=settings.DEMO,
    )
    return render(request, "partners/device_detail.html", {"page": page})


@require_POST
@member_required
@json_only
def key_requests(request: HttpRequest) -> HttpResponse:
    """Take `{"envelope": DSSE, "label": text}`: a new key asks to be enrolled."""
    fields = Fields(parse_json(request.body, max_bytes=_BODY_BYTES), where="")
    envelope: JsonValue = fields.take("envelope")
    label = fields.text("label", longest=80) if fields.has("label") else ""
    fields.close()
    asked = operations.request_key(
        actor=actor_of(request),
        envelope=canonical_bytes(envelope),
        label=label,
        at=timezone.now(),
    )
    if settings.DEMO:
        import_string(settings.DEMO_APPROVER)(request_id=asked.pk, at=timezone.now())
    return JsonResponse({"id": asked.pk, "keyid": asked.keyid}, status=201)


@require_safe
@admin_required
def key_revoke(request: HttpRequest, keyid: str) -> HttpResponse:
    """The form whose signature ends a key of the organisation."""
    actor = actor_of(request)
    rows = queries.list_key_rows(gln=actor.gln, actor=actor)
    for row in rows:
        if row.key.keyid == keyid and row.key.revoked_ms is None:
            page = RevokePage(
                keyid=keyid,
                person=row.person,
                label=row.label,
                wish={"kind": "key.revoke", "keyid": keyid},
                sign=SignPanel(
                    label=_("Sign and revoke this key"),
                    meaning=_("revokes a signing key"),
                ),
            )
            return render(request, "partners/key_revoke.html", {"page": page})
    raise Http404
