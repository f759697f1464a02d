"""The resolver: a page for a patient, a linkset for a machine, nothing for a spy."""

import json

import pytest

from apps.core.errors import MalformedInput
from apps.scan.formats.addresses import parse_address
from apps.scan.formats.public_rules import PUBLIC_RULES, PublicFacts, decide_public
from apps.scan.models import Scan
from apps.scan.views.public import PublicThrottle
from pharmatrace.demo.cast import AMOXIL, LINDE, NOVAMED, STELLA, TRANSPHARM
from tests.scan.packs import LOT
from tests.scan.test_visibility import CANARIES

GTIN = f"/01/{AMOXIL.gtin}"
HTML = {"Accept": "text/html"}


def path(chain, number=0, lot=LOT):
    return f"{GTIN}/10/{lot}/21/{chain.names[number]}"


def read(client, where):
    answer = client.get(where, headers=HTML)
    assert answer.status_code == 200, answer.content
    return answer


def word(answer):
    return answer.context["page"].pack.rule.code


def test_a_patient_reads_that_the_pack_is_genuine(chain, client):
    answer = read(client, path(chain))
    text = answer.content.decode()

    assert word(answer) == "genuine"
    assert "Genuine" in text
    assert "Amoxil 500 mg" in text
    assert Scan.objects.count() == 0


def test_the_page_names_no_partner(chain, client):
    chain.recall()

    for where in (path(chain), path(chain, 11), GTIN, f"{GTIN}/10/{LOT}"):
        text = read(client, where).content.decode()
        for player in (NOVAMED, TRANSPHARM, STELLA, LINDE):
            assert [name for name in CANARIES[player] if name in text] == []


def test_supplied_or_not_is_nobodys_business(chain, client):
    before = read(client, path(chain)).content
    chain.do(STELLA, "dispense", items=[chain.epc(0)])
    after = read(client, path(chain)).content

    assert _stable(before) == _stable(after)


def _stable(content):
    return [line for line in content.splitlines() if b"csrf" not in line.lower()]


def test_a_recall_is_told_with_its_reason(chain, client):
    chain.recall()
    answer = read(client, path(chain))

    assert word(answer) == "recalled"
    assert "class II, wrong leaflet" in answer.content.decode()


@pytest.mark.parametrize("step", ["stolen", "destroy", "decommission"])
def test_a_pack_out_of_use_is_not_to_be_used(chain, client, step):
    chain.do(NOVAMED, step, items=[chain.epc(11)])

    assert word(read(client, path(chain, 11))) == "ended"


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        (f"{GTIN}/21/NOSUCH", "unknown"),
        (f"{GTIN}/10/{LOT}/21/NOSUCH", "unknown"),
        (f"{GTIN}/10/ZZZ", "unknown"),
        (f"{GTIN}/10/{LOT}", "lot_known"),
        (GTIN, "product_known"),
        (f"/01/{AMOXIL.gtin[1:]}", "product_known"),
        (f"{GTIN}/10/ZZZ/21/S1K7q00", "differs"),
        (f"{GTIN}/21/S1K7q00?17=290331", "differs"),
        (f"{GTIN}/21/S1K7q00?17=290228", "genuine"),
        (f"{GTIN}/22/V1/10/{LOT}/21/S1K7q00", "genuine"),
        (f"{GTIN}/21/s1k7Q00", "unknown"),
    ],
)
@pytest.mark.usefixtures("chain")
def test_what_an_address_names(client, where, wanted):
    assert word(read(client, where)) == wanted


def test_a_lot_with_some_packs_recalled_says_so(chain, client):
    chain.recall(scope={"lots": [LOT], "serials": [chain.names[0]]})

    assert word(read(client, f"{GTIN}/10/{LOT}")) == "partly_recalled"
    assert word(read(client, path(chain, 0))) == "recalled"
    assert word(read(client, path(chain, 1))) == "genuine"


def test_a_lot_with_a_slash_is_found(chain, client):
    chain.commission(lot="A/1", names=["X/9"])

    assert word(read(client, f"{GTIN}/10/A%2F1/21/X%2F9")) == "genuine"


@pytest.mark.parametrize(
    ("where", "status", "code"),
    [
        ("/01/09521568251203", 400, "bad_check_digit"),
        ("/01/0952156825120", 400, "bad_check_digit"),
        ("/01/abc", 400, "not_digits"),
        ("/01/", 404, "not_found"),
        (f"{GTIN}/99/x", 400, None),
        (f"{GTIN}/21/" + "A" * 21, 400, "too_long"),
        (f"{GTIN}/21/a%20b", 400, "bad_character"),
        (f"{GTIN}/21/%E2%80%AE", 400, "bad_character"),
        (f"{GTIN}?17=291399", 400, None),
        ("/01/04006381333931", 404, "not_found"),
        (f"{GTIN}?linkType=gs1:epil", 404, "not_found"),
    ],
)
@pytest.mark.usefixtures("chain")
def test_what_is_no_address_of_ours_is_refused(client, where, status, code):
    answer = client.get(where)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert code in {None, answer.json()["code"]}


@pytest.mark.parametrize(
    ("query", "accept"),
    [("", "application/linkset+json"), ("?linkType=all", "*/*")],
)
def test_a_machine_gets_the_linkset(chain, client, query, accept):
    answer = client.get(path(chain) + query, headers={"Accept": accept})

    assert answer["Content-Type"] == "application/linkset+json"
    assert answer["Access-Control-Allow-Origin"] == "*"
    anchor = f"http://localhost:8000{path(chain)}"
    (links,) = json.loads(answer.content)["linkset"]
    assert links["anchor"] == anchor
    assert links["https://ref.gs1.org/voc/defaultLink"] == [
        {"href": anchor, "title": "Amoxil 500 mg", "type": "text/html"}
    ]


def test_trying_serial_numbers_is_limited(chain, client, monkeypatch):
    monkeypatch.setattr(PublicThrottle, "limit", 2)
    seen = [client.get(f"{GTIN}/21/X{n}").status_code for n in range(4)]

    assert seen == [200, 200, 429, 429]


def test_the_resolver_changes_nothing(client):
    assert client.post(GTIN).status_code == 405


PUBLIC = [
    ({"names": "pack", "is_known": False}, "unknown"),
    ({"names": "lot", "is_known": False}, "unknown"),
    ({"names": "pack", "status": "active", "differs": True}, "differs"),
    ({"names": "pack", "status": "active", "is_recalled": True}, "recalled"),
    ({"names": "pack", "status": "stolen"}, "ended"),
    ({"names": "pack", "status": ""}, "ended"),
    ({"names": "pack", "status": "active", "is_expired": True}, "expired"),
    ({"names": "pack", "status": "in_transit"}, "genuine"),
    ({"names": "lot", "is_recalled": True, "is_partly_recalled": True}, "recalled"),
    ({"names": "lot", "is_partly_recalled": True}, "partly_recalled"),
    ({"names": "lot", "is_expired": True}, "expired"),
    ({"names": "lot"}, "lot_known"),
    ({"names": "product"}, "product_known"),
]


@pytest.mark.parametrize(("facts", "wanted"), PUBLIC)
def test_the_public_table(facts, wanted):
    assert decide_public(PublicFacts(**facts)).code == wanted


def test_every_public_row_is_reached():
    reached = {decide_public(PublicFacts(**facts)).code for facts, _ in PUBLIC}

    assert reached == {rule.code for rule in PUBLIC_RULES}


@pytest.mark.parametrize("text", ["", "/", "//10/A", "0952156825120\n4"])
def test_a_path_that_cannot_be_read(text):
    from datetime import date

    with pytest.raises(MalformedInput):
        parse_address(text, expiry="", today=date(2027, 3, 1))


@pytest.mark.parametrize(
    ("where", "wanted"),
    [
        ("/01/09521568251200/21/X", "check digit 4"),
        ("/01/09521568251/21/X", "digits"),
        ("/01/nonsense", "digits"),
        (f"{GTIN}/21/{'X' * 21}", "20"),
    ],
)
def test_a_patient_with_a_bad_code_reads_what_to_do(chain, client, where, wanted):
    answer = client.get(where, headers=HTML)
    text = answer.content.decode()

    assert answer.status_code == 400
    assert answer.context["page"].band.word == "Not a valid code"
    assert wanted in answer.context["page"].wanted
    assert "Scan the square code again" in text
    assert "The request is malformed" not in text


def test_a_machine_with_a_bad_code_reads_a_problem(chain, client):
    answer = client.get("/01/09521568251200/21/X", headers={"Accept": "*/*"})

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "bad_check_digit"
