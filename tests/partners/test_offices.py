"""What an authority and the operator may do together, and no one of them alone."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.bodies import KeyEnrol, parse_body
from apps.core.envelope import parse_envelope
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.keyring import build_keyring
from apps.core.signing import PrivateKey, public_key_of
from apps.core.statement import parse_statement
from apps.core.strict import format_base64
from apps.ledger import queries as ledger_queries
from apps.partners.models import SigningKey
from tests.cast import NOVAMED, OPERATOR, REGULATOR, STELLA, Stage
from tests.partners.helpers import altered, draft_bytes, envelope_of, rows


def _enrol_wish(key: PrivateKey) -> dict[str, object]:
    public = public_key_of(key)
    spki = format_base64(public.spki)
    return {"kind": "key.enrol", "spki_b64": spki, "alg": public.alg}


def _offices(stage: Stage) -> list[PrivateKey]:
    return [stage.keyring.key_of(REGULATOR), stage.keyring.key_of(OPERATOR)]


def test_a_party_without_an_admin_is_given_a_key_by_both_offices(stage: Stage) -> None:
    new = Ed25519PrivateKey.generate()
    payload = draft_bytes(stage, NOVAMED, _enrol_wish(new))

    stage.send(envelope_of(payload, [new, *_offices(stage)]))

    row = SigningKey.objects.get(keyid=public_key_of(new).keyid)
    assert (row.partner.gln, row.role) == (NOVAMED.gln, "admin")


@pytest.mark.parametrize("office", [0, 1])
def test_one_office_alone_gives_nobody_a_key(stage: Stage, office: int) -> None:
    new = Ed25519PrivateKey.generate()
    payload = draft_bytes(stage, NOVAMED, _enrol_wish(new))
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [new, _offices(stage)[office]]))

    assert refused.value.code == "admin_missing"
    assert rows() == before


def test_a_stolen_key_is_revoked_by_both_offices(stage: Stage) -> None:
    stolen = public_key_of(stage.keyring.key_of(NOVAMED)).keyid
    wish = {"kind": "key.revoke", "keyid": stolen, "reason": "stolen"}
    payload = draft_bytes(stage, REGULATOR, wish)
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, _offices(stage)[:1]))

    assert (refused.value.code, rows()) == ("not_of_party", before)

    stage.send(envelope_of(payload, _offices(stage)))

    assert SigningKey.objects.get(keyid=stolen).revoked_ms is not None


def test_another_trader_is_not_told_whose_key_it_is(stage: Stage) -> None:
    keyid = public_key_of(stage.keyring.key_of(NOVAMED)).keyid
    wish = {"kind": "key.revoke", "keyid": keyid, "reason": "stolen"}

    with pytest.raises(MalformedInput) as refused:
        draft_bytes(stage, STELLA, wish)

    assert refused.value.code == "unknown_key"


def test_a_body_names_the_chain_of_its_key(stage: Stage) -> None:
    new = Ed25519PrivateKey.generate()
    payload = draft_bytes(stage, NOVAMED, _enrol_wish(new))
    statement = parse_statement(payload)
    body = parse_body("key.enrol", statement.body)
    assert isinstance(body, KeyEnrol)
    (party,) = {each.tag for each in statement.subjects} - {body.key_tag}
    swapped = altered(payload, body={**statement.body, "key_tag": party.hex()})
    before = rows()

    with pytest.raises(MalformedInput) as refused:
        stage.send(envelope_of(swapped, [new, stage.keyring.key_of(NOVAMED)]))

    assert (refused.value.code, rows()) == ("wrong_tag", before)


def test_what_the_door_took_has_standing_outside(ledger: Stage) -> None:
    stage, new = ledger, Ed25519PrivateKey.generate()
    first = stage.send(
        envelope_of(
            draft_bytes(stage, REGULATOR, _enrol_wish(new)),
            [new, stage.keyring.key_of(REGULATOR)],
        )
    )
    key = stage.keyring.key_of(NOVAMED)
    wish = {
        **_enrol_wish(key),
        "kind": "party.admit",
        "gln": NOVAMED.gln,
        "name": NOVAMED.name,
        "country": NOVAMED.country,
        "signer": NOVAMED.admin.signer,
    }
    second = stage.send(
        envelope_of(
            draft_bytes(stage, REGULATOR, wish),
            [key, new, stage.keyring.key_of(OPERATOR)],
        )
    )
    genesis = SigningKey.objects.filter(is_genesis=True)[0].enrolled_by
    ids = (genesis, first.statement_id, second.statement_id)

    ring = build_keyring(
        [parse_envelope(ledger_queries.get_envelope(each)) for each in ids],
        genesis_id=genesis,
    )

    assert ring.keys[public_key_of(key).keyid].has_standing
