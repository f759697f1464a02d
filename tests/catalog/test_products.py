import pytest

from apps.catalog import queries
from apps.catalog.models import Product
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.statement import parse_statement
from tests.cast import AMOXIL, NOVAMED, STELLA, TRANSPHARM, Stage
from tests.partners.helpers import altered, draft_bytes, envelope_of, rows

RESPIRA = {
    "kind": "product.register",
    "gtin": "09521568452106",
    "name": "Respira",
    "strength": "100 µg",
    "pack_size": "200 doses",
}


def test_a_product_is_registered_by_the_maker_with_its_prefix(stage: Stage) -> None:
    accepted = stage.act(NOVAMED, RESPIRA)

    product = queries.get_product("09521568452106")
    assert (product.name, product.strength, product.form) == ("Respira", "100 µg", "")
    assert product.brand_owner.gln == NOVAMED.gln
    assert product.registered_by == accepted.statement_id
    assert accepted.tags == (product.tag.hex(),)


def test_a_product_is_registered_once(stage: Stage) -> None:
    before = rows()

    with pytest.raises(LedgerConflict) as refused:
        stage.act(NOVAMED, RESPIRA | {"gtin": AMOXIL.gtin})

    assert refused.value.code == "product_known"
    assert rows() == before


def test_a_gtin_under_a_foreign_prefix_is_refused(stage: Stage) -> None:
    with pytest.raises(UntrustedSignature) as refused:
        stage.act(NOVAMED, RESPIRA | {"gtin": "09529999000019"})

    assert refused.value.code == "not_licensed"
    assert Product.objects.count() == 2


def test_what_cannot_be_registered_is_not_even_drafted(stage: Stage) -> None:
    for gtin, code in (
        (AMOXIL.gtin, "product_known"),
        ("09529999000019", "not_licensed"),
    ):
        with pytest.raises((LedgerConflict, UntrustedSignature)) as refused:
            draft_bytes(stage, NOVAMED, RESPIRA | {"gtin": gtin})

        assert (refused.value.code, refused.value.field) == (code, "body.gtin")


def test_a_sentence_that_two_people_read_registers_once(stage: Stage) -> None:
    first = draft_bytes(stage, NOVAMED, RESPIRA)
    second = draft_bytes(stage, NOVAMED, RESPIRA | {"name": "Respira again"})
    key = stage.keyring.key_of(NOVAMED)
    stage.send(envelope_of(first, [key]))
    before = rows()

    with pytest.raises(LedgerConflict) as refused:
        stage.send(envelope_of(second, [key]))

    assert refused.value.code == "product_known"
    assert rows() == before


@pytest.mark.parametrize("player", [TRANSPHARM, STELLA])
def test_only_makers_register_products(stage: Stage, player: object) -> None:
    gtin = {TRANSPHARM: "09529999000019", STELLA: "09524141000015"}[player]  # type: ignore[index]

    with pytest.raises(UntrustedSignature) as refused:
        stage.act(player, RESPIRA | {"gtin": gtin})  # type: ignore[arg-type]

    assert refused.value.code == "not_licensed"


def test_a_suspended_maker_registers_nothing(stage: Stage) -> None:
    stage.license(NOVAMED, suspended=True)

    with pytest.raises(UntrustedSignature) as refused:
        stage.act(NOVAMED, RESPIRA)

    assert refused.value.code == "not_licensed"


def test_nobody_registers_for_another_brand_owner(stage: Stage) -> None:
    drafted = draft_bytes(stage, NOVAMED, RESPIRA)
    body = dict(parse_statement(drafted).body) | {"brand_owner": STELLA.gln}
    payload = altered(drafted, body=body)

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))

    assert refused.value.code == "not_brand_owner"


def test_a_product_outside_its_chain_is_refused(stage: Stage) -> None:
    drafted = draft_bytes(stage, NOVAMED, RESPIRA)
    other = draft_bytes(stage, NOVAMED, RESPIRA | {"gtin": "09521568600330"})
    payload = altered(drafted, subjects=parse_statement(other).subjects)

    with pytest.raises(MalformedInput) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))

    assert refused.value.code == "wrong_subjects"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"gtin": "09521568452107"}, "gtin"),
        ({"gtin": 9521568452106}, "gtin"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"strength": 5}, "strength"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wish_that_is_no_product_names_its_field(
    stage: Stage, change: dict[str, object], field: str
) -> None:
    with pytest.raises(MalformedInput) as refused:
        draft_bytes(stage, NOVAMED, RESPIRA | change)

    assert refused.value.field == field


def test_what_is_typed_is_signed_composed(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, RESPIRA | {"name": "Cafe\u0301"})

    assert parse_statement(payload).body["name"] == "Caf\u00e9"


def test_products_are_found_by_a_part_of_name_or_gtin(stage: Stage) -> None:
    actor = stage.actor(STELLA)

    found = {
        text: [each.name for each in queries.search_products(actor=actor, text=text)]
        for text in ("amox", "310017", "", "none", "a\0b")
    }

    assert found == {
        "amox": ["Amoxil"],
        "310017": ["Cardiol"],
        "": ["Amoxil", "Cardiol"],
        "none": [],
        "a\0b": ["Amoxil", "Cardiol"],
    }


def test_an_unknown_product_is_named(stage: Stage) -> None:
    with pytest.raises(MalformedInput) as refused:
        queries.get_product("00000000000000")

    assert refused.value.code == "unknown_product"
