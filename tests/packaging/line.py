"""What the tests of the packaging line do again and again."""

import json
from typing import Any

from apps.intake.models import Upload
from apps.jobs.models import Outbox
from apps.packaging import tasks
from apps.packaging.models import Aggregation, LabelRun
from apps.pools.models import Pool
from apps.pools.queries import iter_serials
from tests.cast import AMOXIL, NOVAMED
from tests.intake.world import EXPIRY, World
from tests.journeys.api_client import Answer

SITE = NOVAMED.sites[0].gln
TASKS = {
    name: getattr(tasks, name.removeprefix("packaging."))
    for name in (
        "packaging.generate_pool",
        "packaging.check_aggregation",
        "packaging.make_labels",
    )
}


class Line:
    """Pools of Novamed, by its machine."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.api = world.novamed

    def post(self, path: str, **body: Any) -> Answer:
        return self.api.post(f"/api/v1{path}", json.dumps(body).encode())

    def work(self) -> list[dict[str, int]]:
        """Run every job of the line that was ordered, as a worker would."""
        waiting = Outbox.objects.filter(task__in=TASKS, done_at=None, parked_at=None)
        return [
            TASKS[row.task](outbox_id=row.pk, **row.kwargs)
            for row in waiting.order_by("pk")
        ]

    def reserve(self, size: int = 10, **more: Any) -> Pool:
        answer = self.post("/pools", gtin=AMOXIL.gtin, size=size, **more)
        assert answer.status == 202, answer.body
        self.work()
        return Pool.objects.get(pk=answer.json["id"])

    def move(self, pool: Pool, to: str, **more: Any) -> Answer:
        return self.post(f"/pools/{pool.pk}/moves", to=to, **more)

    def print(self, pool: Pool, first: int, last: int) -> None:
        answer = self.move(pool, "printed", numbers=[[first, last]])
        assert answer.status == 200, answer.body

    def commission(self, pool: Pool, **more: Any) -> Answer:
        body = {"site": SITE, "lot": "A123", "expiry_date": EXPIRY} | more
        return self.post(f"/pools/{pool.pk}/uploads", **body)

    def staged(self, pool: Pool, **more: Any) -> Upload:
        answer = self.commission(pool, **more)
        assert answer.status == 202, answer.body
        self.world.work()
        return Upload.objects.get(pk=answer.json["upload_id"])

    def serials(self, pool: Pool) -> list[str]:
        return list(iter_serials(pool_id=pool.pk))

    def counts(self, pool: Pool) -> tuple[int, int, int, int]:
        """Reserved, printed, commissioned, destroyed: as the machine reads them."""
        body = self.api.get(f"/api/v1/pools/{pool.pk}").json
        return tuple(
            body[name] for name in ("reserved", "printed", "commissioned", "destroyed")
        )

    def lot(self, *serials: str, lot: str = "A123") -> None:
        """A commissioned lot of Novamed's."""
        file = "\n".join(("serial", *serials, "")).encode()
        answer = self.world.commission(self.world.check(file, lot=lot))
        assert answer.status == 201, answer.body

    def send(self, content: bytes | str, **changes: Any) -> Answer:
        """Send a file of packing; `lot` "" leaves it out."""
        parts = {"gtin": AMOXIL.gtin, "lot": "A123", "site": SITE} | changes
        data = content.encode() if isinstance(content, str) else content
        parts = {name: value for name, value in parts.items() if value}
        return self.api.post_form("/api/v1/aggregations", file=data, **parts)

    def aggregate(self, content: bytes | str, **changes: Any) -> Aggregation:
        """Send and check a file of packing."""
        answer = self.send(content, **changes)
        assert answer.status == 202, answer.body
        self.work()
        return Aggregation.objects.get(pk=answer.json["id"])

    def sign_packing(self, row: Aggregation) -> Answer:
        """Fetch the statement, sign it, hand it with its events to the door."""
        draft = self.api.get(f"/api/v1/aggregations/{row.pk}/statement")
        assert draft.status == 200, draft.body
        envelope = self.api.sign(draft.json)
        return self.api.submit(envelope, draft.json["lines"])

    def errors(self, row: Aggregation) -> list[tuple[int, str, str]]:
        """Line, code and column of each stored error."""
        rows = row.errors.order_by("line_no", "id")
        return list(rows.values_list("line_no", "code", "field"))

    def run(self, kind: str, **more: Any) -> LabelRun:
        """Order and make labels."""
        answer = self.post("/label-runs", kind=kind, **more)
        assert answer.status == 202, answer.body
        self.work()
        return LabelRun.objects.get(pk=answer.json["id"])
