"""The history of a partner's keys, and what its suspect keys signed."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.edge.page_parts import SignPanel
from apps.partners import operations, queries
from apps.partners.authentication import (
    actor_of,
    member_required,
    register_required,
    signer_required,
)
from apps.partners.models import SigningKey, TradingPartner
from apps.partners.queries import HistoryRow, KeyRow, LentRow, ShiftRow, SuspectRow

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class KeysPage:
    """Every key of a partner: now, and what the ledger says of it."""

    partner: TradingPartner
    is_own: bool
    keys: list[KeyRow]
    history: list[HistoryRow]
    lent: list[LentRow]
    shifts: list[ShiftRow]
    suspects: int
    can_administer: bool
    may_revoke: bool


@dataclass(frozen=True, slots=True)
class SuspectGroup:
    """What one suspect key signed and nobody has said again."""

    key: SigningKey
    person: str
    rows: list[SuspectRow]
    is_cut: bool
    wish: dict[str, str]


@dataclass(frozen=True, slots=True)
class SuspectsPage:
    """Statements that want another look, by key."""

    groups: list[SuspectGroup]
    sign: SignPanel
    can_sign: bool


@require_safe
@member_required
def organisation_keys(request: HttpRequest) -> HttpResponse:
    """The keys of the reader's own organisation."""
    partner = actor_of(request).partner
    if partner is None:
        raise Http404
    return _show(request, partner)


@require_safe
@register_required
def partner_keys(request: HttpRequest, gln: str) -> HttpResponse:
    """The keys of a partner, for the offices."""
    partner = queries.find_partner(gln)
    if partner is None:
        raise Http404
    operations.note_read(
        actor=actor_of(request), action="partners.keys", subject=gln, at=timezone.now()
    )
    return _show(request, partner)


@require_safe
@signer_required
def suspects(request: HttpRequest) -> HttpResponse:
    """What suspect keys of one's organisation signed, to be said again or mended."""
    actor = actor_of(request)
    keys = queries.list_suspect_keys(gln=actor.gln)
    names = queries.names_of({key.signer for key in keys})
    groups = [_group(key, names.get(key.signer, key.signer)) for key in keys]
    page = SuspectsPage(
        groups=[group for group in groups if group.rows],
        sign=SignPanel(
            label=_("Sign: we stand by these statements"),
            meaning=_("says again what a suspect key signed"),
        ),
        can_sign=actor.can_sign,
    )
    return render(request, "partners/suspect_list.html", {"page": page})


def _group(key: SigningKey, person: str) -> SuspectGroup:
    rows = queries.list_open_suspects(key=key, most=_SHOWN + 1)
    return SuspectGroup(
        key=key,
        person=person,
        rows=queries.suspect_rows(rows[:_SHOWN]),
        is_cut=len(rows) > _SHOWN,
        wish={"kind": "key.reattest", "keyid": key.keyid},
    )


def _show(request: HttpRequest, partner: TradingPartner) -> HttpResponse:
    actor = actor_of(request)
    gln, is_own = partner.gln, actor.gln == partner.gln
    page = KeysPage(
        partner=partner,
        is_own=is_own,
        keys=queries.list_key_rows(gln=gln, actor=actor),
        history=queries.list_key_history(gln=gln, actor=actor),
        lent=queries.list_lent(gln=gln),
        shifts=queries.list_running_shifts(actor=actor, at=timezone.now())
        if is_own
        else [],
        suspects=queries.count_suspect(actor=actor) if is_own else 0,
        can_administer=is_own and actor.can_administer,
        may_revoke=actor.can_administer and (is_own or actor.is_regulator),
    )
    return render(request, "partners/key_list.html", {"page": page})
