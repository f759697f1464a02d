"""The main job by HTTP alone: upload, sign, hand over, scan, recall, prove.

Ten thousand serials of one lot travel from the maker to the counter, are recalled,
and what was said is proven with files that the operator cannot change.
"""

import csv
import io
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.anchoring.tasks import sequence
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
from tests.custody.goods import box, pack, packs, site
from tests.journeys.api_client import Answer, ApiClient

pytestmark = pytest.mark.journey

SIZE = 10_000
LOT, EXPIRY = "J-2026/1", (timezone.now() + timedelta(days=700)).date().isoformat()
NAMES = [f"JRN{number:07}" for number in range(SIZE)]
ROOT = Path(__file__).resolve().parents[2]


class Network:
    """Everybody's machine, and the worker that does what was ordered."""

    def __init__(self, stage: Stage) -> None:
        self.machines = {
            player.slug: ApiClient.of(stage, player)
            for player in (NOVAMED, TRANSPHARM, STELLA, MARKT, REGULATOR)
        }

    def of(self, player: Player) -> ApiClient:
        return self.machines[player.slug]

    def do(self, player: Player, step: str, **wish: Any) -> Answer:
        said = {"kind": "event", "step": step, "site": site(player), **wish}
        return self.of(player).act(said)

    def done(self, player: Player, step: str, **wish: Any) -> str:
        answer = self.do(player, step, **wish)
        assert answer.status == 201, answer.body
        return answer.json["statement_id"]

    def verify(self, player: Player, name: str) -> dict[str, Any]:
        code = f"%5Dd201{AMOXIL.gtin}17{EXPIRY[2:4]}{EXPIRY[5:7]}{EXPIRY[8:]}10{LOT}%1D21{name}"
        answer = self.of(player).get(f"/api/v1/verify?code={code}")
        assert answer.status == 200, answer.body
        return answer.json

    def work(self) -> None:
        """What a Celery worker does when the relay wakes it."""
        tasks = {
            "intake.check_upload": check_upload,
            "recalls.flag_affected": flag_affected,
        }
        waiting = Outbox.objects.filter(done_at=None, parked_at=None).order_by("pk")
        for row in list(waiting):
            if row.task in tasks:
                tasks[row.task](outbox_id=row.pk, **row.kwargs)


@pytest.mark.django_db(transaction=True)
def test_the_main_job_by_http(stage: Stage, tmp_path: Path) -> None:
    network = Network(stage)

    _bad_file_is_refused_whole(network)
    commissioning = _upload_and_sign(network)
    sale = _hand_over(network)
    _scan_and_dispense(network)
    _recall(network)
    _prove(network, commissioning, sale, tmp_path)


def _send(network: Network, names: list[str]) -> dict[str, Any]:
    rows = "\r\n".join(["serial", *names, ""]).encode()
    maker = network.of(NOVAMED)
    answer = maker.upload(
        rows, gtin=AMOXIL.gtin, lot=LOT, expiry_date=EXPIRY, site=site(NOVAMED)
    )
    assert answer.status == 202, answer.body
    network.work()
    return maker.get(answer.headers["Location"]).json


def _bad_file_is_refused_whole(network: Network) -> None:
    upload = _send(network, [*NAMES[:50], "with blank", NAMES[3]])

    assert upload["state"] == "refused"
    assert [(error["line"], error["code"]) for error in upload["errors_by_line"]] == [
        (52, "bad_character"),
        (53, "serial_repeated"),
    ]


def _upload_and_sign(network: Network) -> str:
    upload = _send(network, NAMES)
    assert (upload["state"], upload["error_count"]) == ("staged", 0)
    assert network.verify(NOVAMED, NAMES[0])["code"] == "unknown"
    maker = network.of(NOVAMED)
    draft = maker.get(f"/api/v1/uploads/{upload['id']}/statement").json
    assert f"{SIZE:,}" in draft["words"]

    answer = maker.submit(maker.sign(draft))

    assert answer.status == 201, answer.body
    assert network.verify(NOVAMED, NAMES[0])["code"] != "unknown"
    again = maker.submit(maker.sign(draft))
    assert (again.status, again.json) == (200, answer.json)
    return answer.json["statement_id"]


def _hand_over(network: Network) -> str:
    at_home = {"site": site(NOVAMED)}
    cases = [box(number) for number in (1, 2)]
    packing = [
        {"step": "new_container", "container": box(3), **at_home},
        *(
            wish
            for number, case in enumerate(cases)
            for wish in (
                {"step": "new_container", "container": case, **at_home},
                {
                    "step": "pack",
                    "container": case,
                    "items": packs(NAMES[number * 48 : number * 48 + 48]),
                    **at_home,
                },
            )
        ),
        {"step": "pack", "container": box(3), "items": cases, **at_home},
    ]
    packed = network.of(NOVAMED).act({"kind": "events", "events": packing})
    assert packed.status == 201, packed.body
    to_hub = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    ref = network.done(NOVAMED, "ship", items=[box(3)], to=to_hub)

    network.done(TRANSPHARM, "receive", shipment=ref, items=[box(1)])

    shipment = network.of(TRANSPHARM).get(f"/api/v1/shipments/{ref}").json
    assert [(d["kind"], d["count"]) for d in shipment["discrepancies"]] == [
        ("shortage", 48)
    ]
    network.done(TRANSPHARM, "receive", shipment=ref, items=[box(2)])
    network.done(TRANSPHARM, "unpack", container=box(3))
    to_shop = {"gln": STELLA.gln, "site": site(STELLA)}
    sale = network.done(TRANSPHARM, "ship", items=[box(1)], to=to_shop)
    assert network.verify(STELLA, NAMES[0])["verdict"] == "hold"
    network.done(STELLA, "receive", shipment=sale)
    return sale


def _scan_and_dispense(network: Network) -> None:
    found = network.verify(STELLA, NAMES[0])
    assert (found["verdict"], found["lot"]) == ("dispense", LOT)
    assert network.verify(MARKT, NAMES[0])["code"] == "not_in_your_custody"
    assert network.verify(STELLA, "NEVERMADE")["code"] == "unknown"

    ref = network.done(STELLA, "dispense", items=[pack(NAMES[0])])

    assert network.verify(STELLA, NAMES[0])["code"] == "already_dispensed"
    refused = network.do(STELLA, "dispense", items=[pack(NAMES[0])])
    assert (refused.status, refused.json["code"]) == (409, "already_dispensed")
    network.done(STELLA, "undo", parents=[ref], items=[pack(NAMES[0])])
    assert network.verify(STELLA, NAMES[0])["verdict"] == "dispense"
    network.done(STELLA, "dispense", items=[pack(NAMES[1])])


def _recall(network: Network) -> None:
    wish = {
        "kind": "recall.open",
        "gtin": AMOXIL.gtin,
        "scope": {"lots": [LOT]},
        "class": "II",
        "reason": "Wrong leaflet.",
        "instructions": "Stop supply, keep apart, return.",
        "depth": "retail",
    }
    opened = network.of(NOVAMED).act(wish)
    assert opened.status == 201, opened.body
    recall = opened.json["statement_id"]

    # Blocked at once, before any job has run.
    assert network.verify(STELLA, NAMES[0])["verdict"] == "hold"
    assert network.verify(STELLA, NAMES[0])["is_recalled"]
    blocked = network.do(STELLA, "dispense", items=[pack(NAMES[2])])
    assert (blocked.status, blocked.json["code"]) == (409, "recalled")

    network.work()
    maker = network.of(NOVAMED)
    answer = maker.get(f"/api/v1/recalls/{recall}/affected?format=csv")
    assert answer.status == 200, answer.body
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert sum(int(row["packs"]) for row in rows) == SIZE
    assert {row["holder"] for row in rows} == {NOVAMED.gln, TRANSPHARM.gln, STELLA.gln}
    assert all(row["email"] for row in rows)
    where = network.of(REGULATOR).get(
        f"/api/v1/recall-query?gtin={AMOXIL.gtin}&lot={LOT.replace('/', '%2F')}"
    )
    assert where.status == 200, where.body
    assert network.of(MARKT).get(f"/api/v1/recalls/{recall}/affected").status == 404


def _prove(network: Network, commissioning: str, sale: str, folder: Path) -> None:
    while sequence().get("leaves"):
        pass
    maker = network.of(NOVAMED)
    proof = maker.get(f"/api/v1/statements/{commissioning}/proof")
    assert proof.status == 200, proof.body
    policy = Client().get("/log/policy")
    (folder / "policy").write_bytes(
        b"".join(policy) if policy.streaming else policy.content
    )
    (folder / "proof.json").write_bytes(proof.body)
    code, said = _outsider(folder, "proof.json")
    assert (code, " 7. ok" in said) == (0, True), said

    flipped = json.loads(proof.body)
    leaf = flipped["leaves"][0]["leaf"]
    flipped["leaves"][0]["leaf"] = leaf[:-1] + ("0" if leaf[-1] != "0" else "1")
    (folder / "flipped.json").write_text(json.dumps(flipped))
    code, said = _outsider(folder, "flipped.json")
    assert (code, "step" in said) == (1, True), said
    assert network.of(MARKT).get(f"/api/v1/statements/{sale}/proof").status == 404


def _outsider(folder: Path, name: str) -> tuple[int, str]:
    """pharmatrace-verify as a process of its own: no Django, no database."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "apps.core.outside.verify"),
            *(str(folder / name), "--policy", str(folder / "policy")),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr
