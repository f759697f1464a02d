"""The doors of a pack's proof: pages, files, codes, and who gets none of them."""

import json

import pytest

from apps.anchoring import operations
from apps.core.answer import digest_of, parse_answer, verify_answer
from apps.core.envelope import parse_envelope
from apps.core.keyring import KeyRing
from apps.core.packproof import parse_pack_proof
from apps.core.proofcode import parse_code_text
from apps.partners.queries import get_genesis
from apps.scan.models import Scan
from pharmatrace.demo.cast import LINDE, NOVAMED, STELLA
from tests.scan.decoding import decode_svg
from tests.scan.packs import LOT, code


@pytest.fixture
def anchored(chain, settings, tmp_path):
    """The chain's story in a log of its own, under one checkpoint."""
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    operations.sequence(at=chain.stage.tick())
    return chain


@pytest.fixture
def login(anchored, client):
    def as_player(player):
        client.force_login(anchored.actor(player).user)
        return client

    return as_player


def test_the_machine_gets_addresses_files_and_codes(login, anchored):
    client = login(STELLA)
    said = client.get("/api/v1/verify", {"code": anchored.code(1)}).json()

    proof = client.get(said["proof"])
    assert proof["Content-Type"] == "application/json"
    assert parse_pack_proof(proof.content).pack.serial == anchored.names[1]
    found = client.get("/api/v1/verify/code", {"code": anchored.code(1)}).json()
    assert parse_code_text(found["text"]).serial == anchored.names[1]
    assert found["seen_at"] is None
    assert found["size_bytes"] == len(parse_code_text(found["text"]).encode())
    assert Scan.objects.count() == 3


@pytest.mark.parametrize("address", ["/api/v1/verify/proof", "/api/v1/verify/code"])
@pytest.mark.parametrize(
    ("player", "text"),
    [(LINDE, "(01)09521568251204(21)S1K7q01"), (STELLA, code("S1K7q99"))],
)
def test_foreign_and_missing_answer_the_same(login, address, player, text):
    answer = login(player).get(address, {"code": text})

    assert answer.status_code == 404
    assert answer.json()["code"] == "not_found"
    said = login(player).get("/api/v1/verify", {"code": text}).json()
    assert said["proof"] is None
    # Who guesses serials here is as visible as at the verdict.
    assert Scan.objects.count() == 2


@pytest.mark.parametrize("address", ["/api/v1/verify/proof", "/api/v1/verify/code"])
def test_a_proof_is_asked_for_by_somebody_and_about_something(
    login, client, address, anchored
):
    assert client.get(address, {"code": anchored.code(1)}).status_code == 401
    assert login(STELLA).get(address).status_code == 400
    too_long = login(STELLA).get(address, {"code": "9" * 2_049})
    assert too_long.json()["code"] == "too_long"
    assert Scan.objects.count() == 0


@pytest.mark.parametrize(
    ("player", "text", "verdict", "why"),
    [
        (STELLA, code("S1K7q01"), "dispense", "genuine_in_date_yours"),
        (LINDE, code("S1K7q01"), "hold", "not_in_your_custody"),
        (STELLA, code("S1K7q99"), "hold", "unknown"),
        (STELLA, "nonsense", "ask", "unreadable"),
    ],
)
def test_every_answer_can_be_taken_along_signed(login, player, text, verdict, why):
    client = login(player)
    said = client.get("/api/v1/verify", {"code": text}).json()
    page = client.get("/scan", {"code": text}).context["page"].verdict
    file = client.get(page.answer_url)
    ring = KeyRing(genesis=get_genesis())

    assert file["Content-Disposition"].startswith('attachment; filename="answer-')
    for data in (json.dumps(said["answer"]).encode(), file.content):
        envelope = parse_envelope(data)
        found = parse_answer(envelope)
        assert (found.verdict, found.code, found.asked_by) == (verdict, why, player.gln)
        assert found.scanned == digest_of(text)
        assert verify_answer(envelope, ring=ring).is_shown


def test_an_answer_names_the_recall_that_it_is_about(login, anchored):
    recall = anchored.recall()
    said = login(STELLA).get("/api/v1/verify", {"code": anchored.code(1)}).json()

    found = parse_answer(parse_envelope(json.dumps(said["answer"]).encode()))
    assert (found.verdict, found.code) == ("hold", "recalled")
    assert [each.hex() for each in found.recalls] == [recall]


def test_the_page_shows_the_code_and_leads_to_its_files(login, anchored, settings):
    client, text = login(STELLA), anchored.code(1)
    verdict = client.get("/scan", {"code": text}).context["page"].verdict
    answer = client.get(verdict.pack_proof_url)
    page, html = answer.context["page"], answer.content.decode()

    assert page.symbol.size >= 80
    assert f'viewBox="0 0 {page.symbol.size} {page.symbol.size}"' in html
    assert "how old it is, is the log's own word" in html
    assert NOVAMED.gln[1:7] in html.replace(" ", "")
    for ending, kind in (("json", "application/json"), ("txt", "text/plain")):
        file = client.get(f"/scan/proof.{ending}?{page.query}")
        assert file["Content-Type"].startswith(kind)
        name = f'pack-09521568251204-{anchored.names[1]}.{ending}"'
        assert file["Content-Disposition"].endswith(name)
    picture = client.get(f"/scan/proof.svg?{page.query}")
    assert picture["Content-Type"] == "image/svg+xml"
    assert page.symbol.path in picture.content.decode()
    address = f"/verify#{page.code.text}"
    assert f'href="{address}"' in html
    read = decode_svg(picture.content.decode()).values()
    assert list(read) == [settings.SITE_URL + address]


def test_a_code_without_room_for_an_address_stands_alone(login, anchored, settings):
    settings.SITE_URL = f"https://{'trace.' * 500}example"
    client = login(STELLA)
    page = client.get("/scan/proof", {"code": anchored.code(1)}).context["page"]
    picture = client.get(f"/scan/proof.svg?{page.query}").content.decode()

    assert list(decode_svg(picture).values()) == [page.code.text]


@pytest.mark.parametrize("ending", [".json", ".txt", ".svg"])
@pytest.mark.parametrize("text", ["", "(01)09521568251204(21)S1K7q01", "nonsense"])
def test_files_of_a_proof_answer_strangers_like_nobody(login, ending, text):
    assert login(LINDE).get(f"/scan/proof{ending}", {"code": text}).status_code == 404


@pytest.mark.parametrize("serial", ["S1K7q01", "S1K7q99"])
def test_who_may_not_have_a_proof_is_sent_to_the_verdict(login, serial):
    code = f"(01)09521568251204(21){serial}"
    answer = login(LINDE).get("/scan/proof", {"code": code})

    assert (answer.status_code, answer.url[:11]) == (302, "/scan?code=")
    assert login(LINDE).get("/scan/proof").status_code == 404


def test_the_page_says_that_the_proof_is_under_way(chain, client, settings, tmp_path):
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    client.force_login(chain.actor(STELLA).user)

    answer = client.get("/scan/proof", {"code": chain.code(1)})
    assert "The proof is under way" in answer.content.decode()
    for ending in (".json", ".txt", ".svg"):
        found = client.get(f"/scan/proof{ending}", {"code": chain.code(1)})
        assert found.status_code == 404


def test_a_lot_that_is_too_large_for_a_code_has_its_file(login, anchored, monkeypatch):
    monkeypatch.setattr("apps.core.proofcode.MAX_CODE_BYTES", 800)
    answer = login(STELLA).get("/scan/proof", {"code": anchored.code(1)})

    assert answer.context["page"].code is None
    assert "Too large for one QR code" in answer.content.decode()
    query = answer.context["page"].query
    assert login(STELLA).get(f"/scan/proof.json?{query}").status_code == 200


@pytest.mark.parametrize("player", [NOVAMED, STELLA])
def test_the_page_of_a_lot_asks_for_a_serial(login, anchored, player):
    client = login(player)
    assert (
        'name="serial"' in client.get(f"/batches/09521568251204/{LOT}").content.decode()
    )

    typed = {"gtin": "09521568251204", "serial": f" {anchored.names[3]} "}
    answer = client.get("/scan/proof", typed)
    assert answer.context["page"].serial == anchored.names[3]
    query = answer.context["page"].query
    assert client.get(f"/scan/proof.json?{query}").status_code == 200


@pytest.mark.parametrize(
    "typed", [{"gtin": "1"}, {"gtin": "09521568251205"}, {"serial": "S#"}, {"gtin": ""}]
)
def test_a_serial_that_is_none_is_refused_by_name(login, typed):
    asked = {"gtin": "09521568251204", "serial": "S1K7q01"} | typed

    assert login(STELLA).get("/scan/proof", asked).status_code == 400


def test_the_public_page_offers_no_proof(client, anchored):
    link = f"/01/09521568251204/10/{LOT}/21/{anchored.names[1]}?17=290228"
    html = client.get(link).content.decode()

    assert "Genuine" in html
    assert "proof" not in html.lower().replace("waterproof", "")
