"""What a chain's maker has on its packaging line: a pool, labels, files of packing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from apps.jobs.models import Outbox
from apps.packaging import tasks
from apps.packaging.models import Aggregation, LabelRun
from tests.access.cast import EXPIRY, Chain

_WORK = {
    "packaging.generate_pool": tasks.generate_pool,
    "packaging.make_labels": tasks.make_labels,
    "packaging.check_aggregation": tasks.check_aggregation,
}


@dataclass(frozen=True, slots=True)
class PackWords:
    """What the line speaks of: whose site, which product, which loose packs.

    Args:
        sscc: a number that no container has.
        unknown: a serial that no pack bears.
    """

    site: str
    gtin: str
    lot: str
    sscc: str
    loose: Sequence[str]
    unknown: str

    @classmethod
    def of_chain(cls, chain: Chain) -> PackWords:
        """A chain's words, canaries where people may write what they like."""
        return cls(
            chain.maker.sites[0].gln,
            chain.medicine.gtin,
            chain.word("mk", "pool"),
            chain.sscc(7),
            chain.serials(2, start=500),
            chain.word("mk", "nopack"),
        )


def pack_on_the_line(client: Client, words: PackWords) -> dict[str, str]:
    """A pool with labels, a file of packing to be signed, and a refused one."""
    pool = _post(client, "pools", gtin=words.gtin, size=5)["id"]
    work()
    moves = f"pools/{pool}/moves"
    _post(client, moves, to="named", lot=words.lot, expiry_date=EXPIRY.isoformat())
    run = _post(client, "label-runs", kind="csv", pool=pool, count=2)["id"]
    _post(client, moves, to="destroyed", numbers=[[5, 5]], reason="smeared")
    rows = {
        "packing": [f",{words.sscc},{serial}" for serial in words.loose],
        "bad_packing": [f",{words.sscc},{words.unknown}"],
    }
    sent = {name: _send(client, words, name, text) for name, text in rows.items()}
    work()
    assert LabelRun.objects.get(pk=run).state == "ready"
    for name, state in (("packing", "staged"), ("bad_packing", "refused")):
        row = Aggregation.objects.get(pk=sent[name])
        assert row.state == state, list(row.errors.values())
    return {"pool": pool, "run": run, **sent}


def work() -> None:
    """Do what was ordered of the packaging line."""
    for row in Outbox.objects.filter(task__in=_WORK, done_at=None):
        _WORK[row.task](outbox_id=row.pk, **row.kwargs)


def _post(client: Client, path: str, **body: Any) -> dict[str, Any]:
    answer = client.post(
        f"/api/v1/{path}", json.dumps(body), content_type="application/json"
    )
    assert answer.status_code in {200, 202}, answer.content
    return dict(answer.json())


def _send(client: Client, words: PackWords, name: str, rows: list[str]) -> str:
    text = "pallet,case,serial\n" + "\n".join(rows) + "\n"
    form = {
        "file": SimpleUploadedFile(f"{name}.csv", text.encode()),
        "gtin": words.gtin,
        "site": words.site,
    }
    answer = client.post("/api/v1/aggregations", form)
    assert answer.status_code == 202, answer.content
    return str(answer.json()["id"])
