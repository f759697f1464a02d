"""The statement door through HTTP, with real signatures."""

import base64
import json

import pytest

from apps.catalog.models import Product
from apps.core.envelope import STATEMENT_TYPE, parse_envelope, statement_id
from apps.core.statement import KINDS
from apps.exchange.operations import HANDLERS
from apps.ledger.models import Pending, Statement
from apps.partners.models import MemberRole
from pharmatrace.demo.signing import sign_statement
from tests.cast import AMOXIL, NOVAMED, OPERATOR, REGULATOR
from tests.exchange.wishes import product_wish, register
from tests.journeys.api_client import ApiClient


def test_a_signed_statement_is_accepted_with_a_receipt(novamed):
    answer = register(novamed)

    assert answer.status == 201
    name = answer.json["statement_id"]
    assert list(answer.json) == ["statement_id", "accepted_ms", "subjects", "receipt"]
    assert answer.headers["Location"] == f"/api/v1/statements/{name}"
    assert Statement.objects.get(id=name).kind == "product.register"
    assert Product.objects.get().gtin == AMOXIL.gtin


def test_the_same_statement_again_is_answered_with_the_same_bytes(novamed):
    envelope = novamed.sign(novamed.draft(product_wish()).json)
    first = novamed.submit(envelope)

    again = [novamed.submit(envelope) for _ in range(3)]

    assert [answer.status for answer in again] == [200, 200, 200]
    assert {answer.body for answer in again} == {first.body}
    assert Pending.objects.filter(statement__kind="product.register").count() == 1


def test_the_same_statement_under_other_keys_is_a_conflict(novamed, live):
    draft = novamed.draft(product_wish()).json
    novamed.submit(novamed.sign(draft))

    answer = novamed.submit(novamed.sign(draft, live.keyring.key_of(OPERATOR)))

    assert (answer.status, answer.json["code"]) == (409, "other_signatures")


def test_a_statement_with_a_changed_byte_is_refused_and_nothing_is_written(novamed):
    before = Statement.objects.count()
    envelope = json.loads(novamed.sign(novamed.draft(product_wish()).json))
    signature = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    signature[7] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(signature).decode()

    answer = novamed.submit(json.dumps(envelope).encode())

    assert answer.status == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert Statement.objects.count() == before
    assert not Product.objects.exists()


def test_nobody_brings_the_words_of_another_party(novamed, transpharm):
    envelope = novamed.sign(novamed.draft(product_wish()).json)

    answer = transpharm.submit(envelope)

    assert (answer.status, answer.json["code"]) == (403, "not_your_party")
    assert (answer.json["field"], answer.json["got"]) == ("by", NOVAMED.gln)


def test_the_operator_brings_what_the_regulator_and_it_signed(live):
    operator = ApiClient.of(live, OPERATOR)
    regulator = ApiClient.of(live, REGULATOR)
    wish = {
        "kind": "party.licence",
        "gln": NOVAMED.gln,
        "role": "manufacturer",
        "gs1_prefixes": ["9521568"],
        "sites": [],
        "scope": ["*"],
        "from": "2021-01-01",
    }
    draft = regulator.draft(wish).json

    answer = operator.submit(operator.sign(draft, live.keyring.key_of(REGULATOR)))

    assert answer.status == 201


def test_a_member_who_may_not_sign_may_not_submit(live):
    member = ApiClient.of(live, NOVAMED, role=MemberRole.MEMBER)

    answers = [
        member.post("/api/v1/statements", b"{}"),
        member.draft(product_wish()),
        member.submit_all([b"{}"]),
    ]

    assert [answer.status for answer in answers] == [403, 403, 403]


def test_a_stranger_is_asked_to_log_in(live):
    stranger = ApiClient(None)

    answers = [
        stranger.post("/api/v1/statements", b"{}"),
        stranger.draft(product_wish()),
        stranger.get(f"/api/v1/statements/{'0' * 64}"),
    ]

    assert [answer.status for answer in answers] == [401, 401, 401]
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_without_a_csrf_token_is_refused(live, client):
    client.handler.enforce_csrf_checks = True
    client.force_login(live.actor(NOVAMED).user)

    answer = client.post("/api/v1/drafts", b"{}", content_type="application/json")

    assert answer.status_code == 403


def test_a_statement_for_another_ledger_is_refused(novamed):
    draft = novamed.draft(product_wish()).json
    payload = json.loads(base64.b64decode(draft["payload"]))
    payload["ledger"] = "elsewhere.example/log"
    draft["payload"] = base64.b64encode(_canonical(payload)).decode()

    answer = novamed.submit(novamed.sign(draft))

    assert (answer.status, answer.json["code"]) == (400, "wrong_ledger")
    assert answer.json["got"] == "elsewhere.example/log"


def test_every_kind_that_can_be_read_has_a_handler():
    assert HANDLERS.keys() == KINDS


def test_a_kind_that_nobody_knows_is_named(novamed):
    draft = novamed.draft(product_wish()).json
    payload = json.loads(base64.b64decode(draft["payload"]))
    payload["kind"] = "product.forget"
    draft["payload"] = base64.b64encode(_canonical(payload)).decode()

    answer = novamed.submit(novamed.sign(draft))

    assert (answer.status, answer.json["code"]) == (400, "unknown_word")
    assert answer.json["field"] == "kind"


@pytest.mark.parametrize("wait", ["11", "-1", "x", "1.5", "٣", "", "9" * 30])
def test_a_wait_that_is_no_number_of_seconds_is_refused(novamed, wait):
    answer = novamed.post(f"/api/v1/statements?wait={wait}", b"{}")

    assert (answer.status, answer.json["field"]) == (400, "wait")


def test_waiting_in_vain_answers_without_a_proof(novamed):
    envelope = novamed.sign(novamed.draft(product_wish()).json)

    answer = novamed.post("/api/v1/statements?wait=1", envelope)

    assert answer.status == 201
    assert answer.json["proof"] is None


def test_a_batch_is_accepted_in_order_in_one_answer(novamed):
    envelopes = [
        novamed.sign(novamed.draft(product_wish(number)).json) for number in range(3)
    ]

    answer = novamed.submit_all(envelopes)

    assert answer.status == 201
    assert [each["statement_id"] for each in answer.json["statements"]] == [
        statement_id(parse_envelope(envelope)) for envelope in envelopes
    ]
    assert novamed.submit_all(envelopes).status == 200


def test_a_batch_with_one_bad_line_writes_nothing(novamed):
    before = Statement.objects.count()
    good = novamed.sign(novamed.draft(product_wish(0)).json)

    answer = novamed.submit_all([good, b'{"payloadType":1}'])

    assert answer.status == 400
    assert answer.json["field"].startswith("1.")
    assert Statement.objects.count() == before


def test_a_batch_refused_by_its_handler_names_the_line(novamed):
    before = Statement.objects.count()
    first = novamed.sign(novamed.draft(product_wish(0)).json)
    twin = novamed.sign(novamed.draft(product_wish(0)).json)

    answer = novamed.submit_all([first, twin])

    assert answer.status == 409
    assert answer.json["field"].startswith("1")
    assert Statement.objects.count() == before


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"\n\n", "empty_line"), (b"{}\n" * 1_001, "too_many")],
)
def test_a_batch_of_nothing_or_too_much_is_refused(novamed, body, code):
    answer = novamed.post("/api/v1/statements:batch", body, "application/x-ndjson")

    assert (answer.status, answer.json["code"]) == (400, code)


def test_parts_that_are_missing_unknown_or_doubled_are_named(novamed):
    path = "/api/v1/statements"

    none = novamed.post_form(path, events=b"{}\n")
    unknown = novamed.post_form(path, envelope=b"{}", extra=b"x")
    events = novamed.post_form(
        path,
        envelope=novamed.sign(novamed.draft(product_wish()).json),
        events=b"{}\n",
    )

    assert (none.json["code"], none.json["field"]) == ("missing_field", "envelope")
    assert (unknown.json["code"], unknown.json["field"]) == ("unknown_field", "extra")
    assert (events.json["code"], events.json["field"]) == ("wrong_parts", "events")


def test_an_envelope_of_another_type_is_refused(novamed, live):
    envelope = json.loads(novamed.sign(novamed.draft(product_wish()).json))
    envelope["payloadType"] = "application/vnd.pharmatrace.receipt.v1+json"

    answer = novamed.submit(json.dumps(envelope).encode())

    assert (answer.status, answer.json["code"]) == (400, "wrong_payload_type")
    assert answer.json["wanted"] == STATEMENT_TYPE


def test_a_draft_names_its_unknown_kind(novamed):
    answers = [novamed.draft({"kind": kind}) for kind in ("x", 3, None, [], {})]

    assert {(each.status, each.json["field"]) for each in answers} == {(400, "kind")}


def test_a_draft_writes_nothing(novamed):
    before = Statement.objects.count()

    answer = novamed.draft(product_wish())

    assert answer.status == 200
    assert answer.json["payload_type"] == STATEMENT_TYPE
    payload = base64.b64decode(answer.json["payload"])
    assert answer.json["statement_id"] == statement_id(
        parse_envelope(sign_statement(payload, novamed._key))
    )
    assert Statement.objects.count() == before


def _canonical(value):
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()
