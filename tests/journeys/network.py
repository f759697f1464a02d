"""Everybody's machine, and the worker that does what was ordered."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.intake.tasks import check_upload
from apps.jobs.models import Outbox
from apps.recalls.tasks import flag_affected
from pharmatrace.demo.cast import (
    AMOXIL,
    MARKT,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Player,
)
from pharmatrace.demo.stage import Stage
from tests.custody.goods import site
from tests.journeys.api_client import Answer, ApiClient

SIZE = 10_000
LOT, EXPIRY = "J-2026/1", (timezone.now() + timedelta(days=700)).date()
NAMES = [f"JRN{number:07}" for number in range(SIZE)]
# The second lot comes as a workbook, and expires a month later.
SECOND_LOT, SECOND_EXPIRY = "J-2026/2", EXPIRY + timedelta(days=30)
SECOND_NAMES = [f"XLS{number:07}" for number in range(SIZE)]

_TASKS: dict[str, Any] = {
    "intake.check_upload": check_upload,
    "recalls.flag_affected": flag_affected,
}


class Network:
    """The partners' machines on a stage."""

    def __init__(self, stage: Stage) -> None:
        self.machines = {
            player.slug: ApiClient.of(stage, player)
            for player in (NOVAMED, TRANSPHARM, STELLA, MARKT, REGULATOR)
        }

    def of(self, player: Player) -> ApiClient:
        """The machine of a partner."""
        return self.machines[player.slug]

    def do(self, player: Player, step: str, **wish: Any) -> Answer:
        """Draft, sign and submit an event."""
        said = {"kind": "event", "step": step, "site": site(player), **wish}
        return self.of(player).act(said)

    def done(self, player: Player, step: str, **wish: Any) -> str:
        """The id of an event's statement, which must be accepted."""
        return accepted(self.do(player, step, **wish))

    def read(self, player: Player, path: str) -> Any:
        """What an address of the API answers, which must be there."""
        answer = self.of(player).get(f"/api/v1/{path}")
        assert answer.status == 200, answer.body
        return answer.json

    def verify(self, player: Player, name: str) -> dict[str, Any]:
        """The verdict over a pack of the first lot, by its DataMatrix."""
        code = f"%5Dd201{AMOXIL.gtin}17{EXPIRY:%y%m%d}10{LOT}%1D21{name}"
        found: dict[str, Any] = self.read(player, f"verify?code={code}")
        return found

    def work(self) -> None:
        """What a Celery worker does when the relay wakes it."""
        waiting = Outbox.objects.filter(done_at=None, parked_at=None).order_by("pk")
        for row in list(waiting):
            _TASKS[row.task](outbox_id=row.pk, **row.kwargs)


def accepted(answer: Answer) -> str:
    """The id of a statement that was just put on record."""
    assert answer.status == 201, answer.body
    statement_id: str = answer.json["statement_id"]
    return statement_id
