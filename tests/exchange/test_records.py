"""What became of a statement: read back by its parties, by nobody else."""

import json

import pytest
from django.utils import timezone

from apps.anchoring import operations as anchoring
from apps.core.envelope import parse_envelope, statement_id
from apps.partners.models import ReadAudit
from tests.cast import NOVAMED, REGULATOR
from tests.exchange.wishes import product_wish, register
from tests.journeys.api_client import ApiClient

MISSING = "/api/v1/statements/" + "0" * 64


def test_its_party_reads_the_exact_envelope(novamed):
    envelope = novamed.sign(novamed.draft(product_wish()).json)
    accepted = novamed.submit(envelope)

    found = novamed.get(accepted.headers["Location"])

    assert found.status == 200
    assert found.json["envelope"] == json.loads(envelope)
    assert found.json["receipt"] == accepted.json["receipt"]
    assert [leaf["tag"] for leaf in found.json["leaves"]] == accepted.json["subjects"]
    assert [leaf["index"] for leaf in found.json["leaves"]] == [None]


def test_a_party_reads_what_was_said_about_it(novamed, live):
    admitted = live.actor(NOVAMED).partner.admitted_by

    assert novamed.get(f"/api/v1/statements/{admitted}").status == 200


@pytest.mark.parametrize("suffix", ["", "/proof", "/events"])
def test_foreign_and_missing_answer_the_same(novamed, transpharm, suffix):
    place = register(novamed).headers["Location"]

    foreign, missing = transpharm.get(place + suffix), transpharm.get(MISSING + suffix)

    assert foreign.status == missing.status == 404
    assert foreign.body == missing.body


@pytest.mark.parametrize("name", ["x", "%00", "0" * 65, "é", "..", "0" * 3_000])
def test_a_name_that_is_none_is_missing(novamed, name):
    assert novamed.get(f"/api/v1/statements/{name}").status in {400, 404}


def test_the_regulator_reads_everything_and_that_is_noted(novamed, live):
    accepted = register(novamed)
    regulator = ApiClient.of(live, REGULATOR)

    found = regulator.get(accepted.headers["Location"])

    assert found.status == 200
    audit = ReadAudit.objects.get(partner__gln=REGULATOR.gln, action="statement")
    assert audit.subject == accepted.json["statement_id"]


def test_there_is_no_proof_before_the_checkpoint(novamed):
    place = register(novamed).headers["Location"]

    assert novamed.get(place + "/proof").status == 404


def test_a_kind_without_events_has_none(novamed):
    place = register(novamed).headers["Location"]

    assert novamed.get(place + "/events").status == 404


@pytest.mark.django_db(transaction=True)
def test_after_the_checkpoint_the_proof_is_there(novamed, settings, tmp_path):
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"
    envelope = novamed.sign(novamed.draft(product_wish()).json)
    name = statement_id(parse_envelope(envelope))
    novamed.submit(envelope)
    anchoring.sequence(at=timezone.now())

    proof = novamed.get(f"/api/v1/statements/{name}/proof")
    record = novamed.get(f"/api/v1/statements/{name}")
    waited = novamed.post("/api/v1/statements?wait=10", envelope)

    assert proof.status == 200
    assert proof.json["envelope"] == json.loads(envelope)
    (leaf,) = record.json["leaves"]
    assert leaf["chain_seq"] == 0
    assert leaf["index"] > 0
    assert waited.status == 200
    assert waited.json["proof"] == proof.json
