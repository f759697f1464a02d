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
from apps.edge.wire import dump_json

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """The state of one part: `detail` is public, so it names no partner."""

    is_well: bool
    detail: str


Check = Callable[[datetime], Line]
_CHECKS: dict[str, Check] = {}


def register_check(name: str, check: Check) -> None:
    """Show the answer of `check` under `name`; call it from `AppConfig.ready`."""
    _CHECKS[name] = check


def _database(at: datetime) -> Line:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Line(is_well=True, detail=connection.vendor)


register_check("database", _database)


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
    is_well = all(line.is_well for line in lines.values())
    document = {
        "status": "pass" if is_well else "fail",
        "checks": {
            name: {"status": "pass" if line.is_well else "fail", "detail": line.detail}
            for name, line in lines.items()
        },
    }
    return HttpResponse(
        dump_json(document),
        status=200 if is_well else 503,
        content_type="application/health+json",
    )
