"""What the tests of the bulk door do again and again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from apps.intake.models import Upload
from apps.intake.tasks import check_upload
from apps.jobs.models import Outbox
from tests.cast import AMOXIL, NOVAMED, Stage
from tests.journeys.api_client import Answer, ApiClient

EXPIRY = "2029-02-28"
LOT = {
    "gtin": AMOXIL.gtin,
    "lot": "A123",
    "expiry_date": EXPIRY,
    "site": NOVAMED.sites[0].gln,
}


def serials(count: int, *, start: int = 1) -> bytes:
    """A CSV of `count` serials."""
    return b"serial\n" + b"".join(
        b"S%08d\n" % number for number in range(start, start + count)
    )


@dataclass(frozen=True)
class World:
    """The stage, Novamed's machine, and where files lie."""

    stage: Stage
    novamed: ApiClient
    folder: Path

    def send(self, content: bytes, **changes: Any) -> Upload:
        """Upload a file; the row that came of it."""
        answer = self.novamed.upload(content, **(LOT | changes))
        assert answer.status == 202, answer.body
        return Upload.objects.get(id=answer.json["id"])

    def work(self) -> list[dict[str, int]]:
        """Run every check that was ordered, as a worker would."""
        waiting = Outbox.objects.filter(
            task="intake.check_upload", done_at=None, parked_at=None
        )
        return [
            check_upload(outbox_id=row.pk, **row.kwargs)
            for row in waiting.order_by("pk")
        ]

    def check(self, content: bytes, **changes: Any) -> Upload:
        """Upload and check a file."""
        upload = self.send(content, **changes)
        self.work()
        upload.refresh_from_db()
        return upload

    def draft(self, upload: Upload) -> Answer:
        """Ask for the statement to sign."""
        return self.novamed.get(f"/api/v1/uploads/{upload.id}/statement")

    def commission(self, upload: Upload) -> Answer:
        """Sign and submit what was staged."""
        return self.novamed.submit(self.novamed.sign(self.draft(upload).json))

    def errors(self, upload: Upload) -> list[tuple[int, str, str]]:
        """Line, code and field of each stored error."""
        rows = upload.errors.order_by("line_no", "id")
        return list(rows.values_list("line_no", "code", "field"))

    def now(self) -> Any:
        """The doors' clock."""
        return timezone.now()
