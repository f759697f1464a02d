"""/health: is every part able to do its work, in one line each.

Apps above register their own line in `AppConfig.ready`, so that the ground does not
import what stands on it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.errors import TraceError
from apps.edge import replica
from apps.edge.wire import dump_json

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """The state of one part: `detail` is public, so it names no partner.

    Attributes:
        is_concern: it does its work, but somebody should look; the site stays at 200.
    """

    is_well: bool
    detail: str
    is_concern: bool = False

    @property
    def status(self) -> str:
        """As draft-inadarei-api-health-check says it."""
        if not self.is_well:
            return "fail"
        return "warn" if self.is_concern else "pass"


Check = Callable[[datetime], Line]
_CHECKS: dict[str, Check] = {}


def register_check(name: str, check: Check) -> None:
    """Show the answer of `check` under `name`; call it from `AppConfig.ready`."""
    _CHECKS[name] = check


def _database(at: datetime) -> Line:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Line(is_well=True, detail=connection.vendor)


def _replica(at: datetime) -> Line:
    """A site without its replica works: everything is read from the primary."""
    state = replica.look()
    if state.fault:
        detail = f"gone, the primary is read: {state.fault}"
        return Line(is_well=True, detail=detail, is_concern=True)
    behind = f"{state.behind_bytes} bytes behind"
    if not state.is_used:
        age = state.age_seconds
        old = f"more than {age:.0f} s old, " if age is not None else ""
        detail = f"lags, the primary is read: {old}{behind}"
        return Line(is_well=True, detail=detail, is_concern=True)
    return Line(is_well=True, detail=f"{state.age_seconds:.1f} s old, {behind}")


register_check("database", _database)
if replica.is_configured():
    register_check("replica", _replica)


def _answer_of(name: str, check: Check, at: datetime) -> Line:
    try:
        return check(at)
    except (DatabaseError, TraceError, OSError) as error:
        logger.warning("Health of %s: %s", name, error)
        return Line(is_well=False, detail="no answer")


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """200 if every part is well, else 503; the same lines either way."""
    at = timezone.now()
    lines = {name: _answer_of(name, check, at) for name, check in _CHECKS.items()}
    statuses = {line.status for line in lines.values()}
    worst = next(s for s in ("fail", "warn", "pass") if s in statuses)
    document = {
        "status": worst,
        "checks": {
            name: {"status": line.status, "detail": line.detail}
            for name, line in lines.items()
        },
    }
    return HttpResponse(
        dump_json(document),
        status=503 if worst == "fail" else 200,
        content_type="application/health+json",
    )
