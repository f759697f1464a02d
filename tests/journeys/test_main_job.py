"""The main job by HTTP alone: upload, sign, hand over, scan, recall, prove, label.

Ten thousand serials of one lot travel from the maker to the counter, are recalled,
and what was said is proven with files that the operator cannot change.
"""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from apps.anchoring.tasks import sequence
from pharmatrace.demo.cast import AMOXIL, MARKT, NOVAMED, STELLA, TRANSPHARM
from pharmatrace.demo.stage import Stage
from tests.custody.goods import box, pack, packs, site
from tests.intake.files import xlsx
from tests.journeys.labelling import print_labels
from tests.journeys.network import (
    EXPIRY,
    LOT,
    NAMES,
    SECOND_EXPIRY,
    SECOND_LOT,
    SECOND_NAMES,
    SIZE,
    Network,
    accepted,
)
from tests.journeys.proving import assert_proves
from tests.journeys.recalling import maker_recalls, regulator_recalls

pytestmark = pytest.mark.journey


@pytest.mark.django_db(transaction=True)
def test_the_main_job_by_http(stage: Stage, tmp_path: Path) -> None:
    network = Network(stage)

    _bad_file_is_refused_whole(network)
    commissioning = _upload_csv_and_sign(network)
    _upload_workbook_and_sign(network)
    print_labels()
    sale = _hand_over(network)
    _scan_and_dispense(network)
    regulator_recalls(network)
    maker_recalls(network)
    _prove(network, commissioning, sale, tmp_path)


def _send(network: Network, content: bytes, **changes: Any) -> dict[str, Any]:
    fields = {"gtin": AMOXIL.gtin, "lot": LOT, "expiry_date": EXPIRY.isoformat()}
    maker = network.of(NOVAMED)
    answer = maker.upload(content, site=site(NOVAMED), **(fields | changes))
    assert answer.status == 202, answer.body
    network.work()
    upload: dict[str, Any] = maker.get(answer.headers["Location"]).json
    return upload


def _csv(names: list[str]) -> bytes:
    return "\r\n".join(["serial", *names, ""]).encode()


def _bad_file_is_refused_whole(network: Network) -> None:
    upload = _send(network, _csv([*NAMES[:50], "with blank", NAMES[3]]))

    assert upload["state"] == "refused"
    assert [(error["line"], error["code"]) for error in upload["errors_by_line"]] == [
        (52, "bad_character"),
        (53, "serial_repeated"),
    ]


def _upload_csv_and_sign(network: Network) -> str:
    upload = _send(network, _csv(NAMES))
    assert (upload["state"], upload["error_count"]) == ("staged", 0)
    assert network.verify(NOVAMED, NAMES[0])["code"] == "unknown"
    maker = network.of(NOVAMED)
    draft = network.read(NOVAMED, f"uploads/{upload['id']}/statement")
    assert f"{SIZE:,}" in draft["words"]

    answer = maker.submit(maker.sign(draft))

    statement_id = accepted(answer)
    assert network.verify(NOVAMED, NAMES[0])["code"] != "unknown"
    again = maker.submit(maker.sign(draft))
    assert (again.status, again.json) == (200, answer.json)
    return statement_id


def _upload_workbook_and_sign(network: Network) -> None:
    content = xlsx([["serial"], *([name] for name in SECOND_NAMES)])
    expiry = SECOND_EXPIRY.isoformat()
    upload = _send(network, content, lot=SECOND_LOT, expiry_date=expiry)
    assert (upload["state"], upload["rows_done"]) == ("staged", SIZE)
    maker = network.of(NOVAMED)
    draft = network.read(NOVAMED, f"uploads/{upload['id']}/statement")

    accepted(maker.submit(maker.sign(draft)))


def _hand_over(network: Network) -> str:
    _pack(network)
    to_hub = {"gln": TRANSPHARM.gln, "site": site(TRANSPHARM)}
    ref = network.done(NOVAMED, "ship", items=[box(3)], to=to_hub)

    network.done(TRANSPHARM, "receive", shipment=ref, items=[box(1)])

    shipment = network.read(TRANSPHARM, f"shipments/{ref}")
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


def _pack(network: Network) -> None:
    """Two cases of 48 on a pallet, by one signature."""
    at_home = {"site": site(NOVAMED)}
    cases = [box(number) for number in (1, 2)]
    steps: list[dict[str, Any]] = [{"step": "new_container", "container": box(3)}]
    for number, case in enumerate(cases):
        items = packs(NAMES[number * 48 : number * 48 + 48])
        steps.append({"step": "new_container", "container": case})
        steps.append({"step": "pack", "container": case, "items": items})
    steps.append({"step": "pack", "container": box(3), "items": cases})
    events = [step | at_home for step in steps]

    accepted(network.of(NOVAMED).act({"kind": "events", "events": events}))


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


def _prove(network: Network, commissioning: str, sale: str, folder: Path) -> None:
    sequence()
    answer = network.of(NOVAMED).get(f"/api/v1/statements/{commissioning}/proof")
    assert answer.status == 200, answer.body
    proof, policy = folder / "proof.json", folder / "policy"
    proof.write_bytes(answer.body)
    published: Any = Client().get("/log/policy")
    policy.write_bytes(
        b"".join(published) if published.streaming else published.content
    )

    assert_proves(proof, policy=policy)
    assert network.of(MARKT).get(f"/api/v1/statements/{sale}/proof").status == 404
