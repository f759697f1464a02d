"""Licences as pages show them: what each means now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from apps.ledger.formats import as_ms
from apps.partners.models import Licence


class LicenceState(StrEnum):
    """What a licence means at a moment; the law asks for IN_FORCE."""

    IN_FORCE = "in_force"
    AHEAD = "ahead"  # it has not begun
    LAPSED = "lapsed"  # its end has come
    SUSPENDED = "suspended"
    REPLACED = "replaced"  # by a later statement for the same role


@dataclass(frozen=True, slots=True)
class LicenceRow:
    """A licence and what it means now."""

    licence: Licence
    state: LicenceState


def licence_state(licence: Licence, ms: int) -> LicenceState:
    """What a licence means at `ms`, as the law of custody reads it."""
    if not licence.is_current:
        return LicenceState.REPLACED
    if licence.is_suspended:
        return LicenceState.SUSPENDED
    if licence.to_ms is not None and licence.to_ms <= ms:
        return LicenceState.LAPSED
    return LicenceState.AHEAD if ms < licence.from_ms else LicenceState.IN_FORCE


def list_licence_rows(*, gln: str, at: datetime) -> list[LicenceRow]:
    """Every licence statement about a partner, the latest first."""
    licences = Licence.objects.filter(partner__gln=gln)
    return _rows(licences.order_by("-accepted_ms", "-id"), at)


def find_licence_row(*, gln: str, statement_id: str, at: datetime) -> LicenceRow | None:
    """The licence of a partner that a statement made, or None."""
    licences = Licence.objects.filter(partner__gln=gln, statement_id=statement_id)
    return next(iter(_rows(licences, at)), None)


def _rows(licences: Iterable[Licence], at: datetime) -> list[LicenceRow]:
    ms = as_ms(at)
    return [LicenceRow(each, licence_state(each, ms)) for each in licences]
