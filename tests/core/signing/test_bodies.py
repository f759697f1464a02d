"""The bodies of every kind: typed, closed, and in accord with their statement."""

import base64
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.core.bodies import (
    Genesis,
    KeyRevoke,
    MarketCode,
    PartyLicence,
    ProductRegister,
    SiteNamed,
    parse_body,
    read_body,
)
from apps.core.canonical import canonical_bytes
from apps.core.errors import MalformedInput
from apps.core.leaf import CONFIG_TAG
from apps.core.signing import public_key_of
from apps.core.statement import KINDS, parse_statement
from tests.core.signing.bodies_cast import (
    ADMIN,
    BODIES,
    P256,
    RECALL,
)
from tests.core.signing.statement_cast import SHIP, json_values


@pytest.fixture(autouse=True)
def _receipt_key(mallory_key):
    spki = base64.b64encode(public_key_of(mallory_key).spki).decode()
    BODIES["genesis"]["receipt_keys"] = [{"spki_b64": spki, "alg": "ed25519"}]


def refusal(kind, body) -> str:
    with pytest.raises(MalformedInput) as caught:
        parse_body(kind, body)
    return caught.value.code


def test_every_kind_but_event_has_a_body():
    assert set(BODIES) == KINDS - {"event"}


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_a_body_reads_and_is_written_back_the_same(kind):
    body = parse_body(kind, BODIES[kind])

    assert canonical_bytes(body.to_json()) == canonical_bytes(BODIES[kind])


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_an_unknown_field_is_refused(kind):
    assert refusal(kind, {**BODIES[kind], "note2": 1}) == "unknown_field"


OPTIONAL = {
    "party.licence": {"to"},
    "key.revoke": {"suspect_since"},
    "key.reattest": {"note"},
    "product.register": {"strength", "form", "market_codes"},
    "recall.open": {"return_to", "reference"},
    "recall.answer": {"note"},
}


@pytest.mark.parametrize(
    ("kind", "name"), [(kind, name) for kind in BODIES for name in BODIES[kind]]
)
def test_a_field_may_be_left_out_only_where_it_is_optional(kind, name):
    left = {key: value for key, value in BODIES[kind].items() if key != name}

    if name in OPTIONAL.get(kind, ()):
        assert parse_body(kind, left).to_json().keys() == left.keys()
    else:
        assert refusal(kind, left) == "missing_field"
    with pytest.raises(MalformedInput):
        parse_body(kind, {**BODIES[kind], name: None})


def test_a_licence_is_read_into_types():
    assert parse_body("party.licence", BODIES["party.licence"]) == PartyLicence(
        gln="9521568000017",
        role="manufacturer",
        gs1_prefixes=("9521568",),
        sites=(SiteNamed("9521568000024", "Novamed plant Freiburg"),),
        scope=("*",),
        from_ms=1_767_225_600_000,
        to_ms=1_924_992_000_000,
        is_suspended=False,
    )


def test_what_is_optional_is_empty_and_not_null():
    register = ProductRegister(
        gtin="09521568251204",
        name="Novapril",
        strength="",
        form="",
        pack_size="30",
        brand_owner="9521568000017",
        market_codes=(MarketCode("NDC", "0093-1052-01"),),
    )

    assert parse_body("product.register", register.to_json()) == register
    revoke = KeyRevoke(keyid="0a" * 32, reason="left")
    assert parse_body("key.revoke", revoke.to_json()) == revoke


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("party.admit", "gln", "9521568000018", "bad_check_digit"),
        ("party.admit", "country", "de", "bad_text"),
        ("party.admit", "country", "DEU", "bad_text"),
        ("party.admit", "name", "Nova\u202emed", "forbidden_character"),
        ("party.admit", "first_key", {**ADMIN, "role": "admin"}, "unknown_field"),
        ("party.admit", "first_key", {**ADMIN, "alg": "rsa"}, "unknown_word"),
        ("party.admit", "first_key", {**ADMIN, "spki_b64": P256}, "bad_key"),
        ("party.admit", "first_key", {**ADMIN, "signer": "Nora"}, "bad_text"),
        ("party.licence", "role", "vet", "unknown_word"),
        ("party.licence", "gs1_prefixes", ["952"], "bad_text"),
        ("party.licence", "gs1_prefixes", ["9521568"] * 2, "not_sorted"),
        ("party.licence", "gs1_prefixes", ["9521568", "9512"], "not_sorted"),
        ("party.licence", "sites", [{"gln": "9521568000024"}], "missing_field"),
        (
            "party.licence",
            "sites",
            BODIES["party.licence"]["sites"] * 2,
            "not_sorted",
        ),
        (
            "party.licence",
            "sites",
            [
                {"gln": "9521568000024", "name": "Freiburg"},
                {"gln": "9521568000017", "name": "Basel"},
            ],
            "not_sorted",
        ),
        ("party.licence", "scope", [], "bad_length"),
        ("party.licence", "scope", ["*", "09521568251204"], "not_digits"),
        ("party.licence", "scope", ["19521568251201", "09521568251204"], "not_sorted"),
        ("party.licence", "scope", ["9521568251204"], "bad_length"),
        ("party.licence", "to", "2026-01-01T00:00:00.000Z", "bad_window"),
        ("party.licence", "suspended", 0, "wrong_type"),
        ("key.enrol", "role", "owner", "unknown_word"),
        ("key.revoke", "keyid", "0A" * 32, "bad_hex"),
        ("key.revoke", "reason", "", "bad_length"),
        ("key.reattest", "keyid", "0a" * 31, "bad_hex"),
        ("key.reattest", "note", "", "bad_length"),
        ("key.reattest", "note", "tab\there", "forbidden_character"),
        ("product.register", "gtin", "9521568251204", "bad_length"),
        ("product.register", "strength", "", "bad_length"),
        ("product.register", "market_codes", [], "bad_length"),
        ("recall.open", "class", "IV", "unknown_word"),
        ("recall.open", "depth", "all", "unknown_word"),
        ("recall.open", "scope", {}, "empty_scope"),
        ("recall.open", "scope", [], "wrong_type"),
        ("recall.open", "reason", "x" * 4_001, "bad_length"),
        ("recall.open", "reason", "\n" * 4_001, "bad_length"),
        ("recall.open", "reason", "tab\there", "forbidden_character"),
        ("recall.amend", "recall", "R-2026-07", "bad_hex"),
        ("recall.answer", "counts", {"lost": 1}, "unknown_word"),
        ("recall.answer", "counts", {"supplied": 0}, "out_of_range"),
        ("recall.answer", "counts", {"supplied": "1"}, "wrong_type"),
        ("erasure", "indices", [], "bad_length"),
        ("erasure", "indices", [17, 4], "not_sorted"),
        ("erasure", "indices", [4, 4], "not_sorted"),
        ("erasure", "indices", [-1], "out_of_range"),
        ("erasure", "indices", [0], "out_of_range"),
        ("genesis", "origin", "two words", "bad_text"),
        ("genesis", "authorities", [], "bad_length"),
        ("genesis", "receipt_keys", [], "bad_length"),
        ("genesis", "log_vkeys", ["PeterNeumann"], "bad_key"),
        ("genesis", "webauthn", {"rp_id": "x", "origins": []}, "bad_length"),
        ("genesis", "webauthn", {"rp_id": "x", "origins": ["b", "a"]}, "not_sorted"),
        ("genesis", "law_version", 0, "out_of_range"),
        ("key.enrol", "key_tag", "0A" * 32, "bad_hex"),
        ("party.admit", "key_tag", "0a" * 31, "bad_hex"),
        ("events", "count", 0, "out_of_range"),
        ("events", "digest", "ef" * 31, "bad_hex"),
        ("events", "digest", "EF" * 32, "bad_hex"),
    ],
)
def test_a_value_that_its_field_cannot_hold_is_refused(kind, name, value, code):
    assert refusal(kind, {**BODIES[kind], name: value}) == code


def test_long_prose_is_counted_with_its_line_feeds():
    assert refusal("recall.close", {"recall": RECALL, "reason": "a\n" * 2_500}) == (
        "bad_length"
    )


def test_a_licence_may_name_products():
    gtins = ["09521568251204", "19521568251201"]
    licence = {**BODIES["party.licence"], "scope": gtins}
    assert parse_body("party.licence", licence).scope == tuple(gtins)


def test_a_kind_without_body_is_refused():
    assert refusal("event", {}) == "unknown_word"
    assert refusal("party.remove", {}) == "unknown_word"


def statement(kind, *, body=None, subjects=None, parents=(), **changes):
    return parse_statement(
        canonical_bytes(
            {
                **SHIP,
                "kind": kind,
                "body": BODIES[kind] if body is None else body,
                "subjects": subjects or [{"tag": "0a" * 32}],
                "parents": list(parents),
                **changes,
            }
        )
    )


def mismatch(*arguments, **options) -> str:
    with pytest.raises(MalformedInput) as caught:
        read_body(statement(*arguments, **options))
    assert caught.value.code == "body_mismatch"
    return caught.value.field


TWO = [{"tag": "0a" * 32}, {"tag": "0b" * 32}]
CONFIG = [{"tag": CONFIG_TAG.hex()}]
ANSWERED = [{"tag": "0a" * 32, "n": 10, "set": "ab" * 32}]


def test_body_and_statement_agree():
    body = read_body(statement("genesis", subjects=CONFIG, by="9506000100012"))
    assert isinstance(body, Genesis)
    assert [party.role for party in body.parties] == ["operator", "regulator"]
    read_body(statement("party.admit", subjects=TWO))
    read_body(statement("key.enrol", subjects=TWO))
    read_body(statement("key.reattest", parents=["4e" * 32, "5e" * 32]))
    amend = read_body(statement("recall.amend", parents=[RECALL]))
    assert amend.scope.covers_batch(lot="A124", expiry_date=date(2028, 2, 29))
    read_body(statement("recall.answer", subjects=ANSWERED, parents=[RECALL]))
    root = {"size": 3, "root": "cd" * 32}
    read_body(statement("events", subjects=[{"tag": "0a" * 32, "events": root}]))


def test_body_and_statement_must_not_contradict_each_other():
    genesis = {"by": "9506000100012", "subjects": CONFIG}
    assert mismatch("genesis", **genesis, ledger="other.example/log") == "body.origin"
    assert mismatch("genesis", subjects=CONFIG) == "body.origin"
    assert mismatch("genesis", by="9506000100012") == "subjects"
    (authority,) = BODIES["genesis"]["authorities"]
    other = {**authority, "gln": "9501101000025"}
    twice = {**BODIES["genesis"], "authorities": [authority, other]}
    assert mismatch("genesis", **genesis, body=twice) == "body.operator"
    same = {**BODIES["genesis"], "authorities": [{**authority, "gln": "9506000100012"}]}
    assert mismatch("genesis", **genesis, body=same) == "body.authorities"
    assert mismatch("party.admit") == "subjects"
    assert mismatch("party.licence", subjects=TWO) == "subjects"
    assert mismatch("key.enrol", subjects=TWO, by="9529999000019") == "body.party"
    other_tag = {"body": {**BODIES["key.enrol"], "key_tag": "0c" * 32}}
    assert mismatch("key.enrol", subjects=TWO, **other_tag) == "body.key_tag"
    assert mismatch("key.reattest") == "parents"
    assert mismatch("key.reattest", parents=["4e" * 32, "5e" * 32 + "#0"]) == "parents"
    again = {"subjects": TWO, "parents": ["4e" * 32]}
    assert mismatch("key.reattest", **again) == "subjects"
    assert mismatch("recall.close") == "body.recall"
    assert mismatch("recall.close", parents=["5e" * 32]) == "body.recall"
    assert mismatch("recall.close", parents=[RECALL + "#0"]) == "body.recall"
    nine = [{**ANSWERED[0], "n": 9}]
    assert mismatch("recall.answer", subjects=nine, parents=[RECALL]) == "body.counts"
    root = {"size": 4, "root": "cd" * 32}
    many = [{"tag": "0a" * 32, "events": root}]
    assert mismatch("events", subjects=many) == "body.count"


@given(st.sampled_from(sorted(BODIES)), st.data())
def test_any_value_in_any_field_is_read_or_malformed(kind, data):
    name = data.draw(st.sampled_from(sorted(BODIES[kind])))
    changed = {**BODIES[kind], name: data.draw(json_values)}

    try:
        body = parse_body(kind, changed)
    except MalformedInput:
        return
    assert canonical_bytes(body.to_json()) == canonical_bytes(changed)
