"""Mallory at the door: keys, voices and offices that are not hers."""

import json
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.canonical import canonical_bytes
from apps.core.envelope import parse_envelope
from apps.core.errors import (
    LedgerConflict,
    MalformedInput,
    TraceError,
    UntrustedSignature,
)
from apps.core.gs1 import compute_check_digit
from apps.core.signing import public_key_of
from apps.core.statement import parse_statement
from apps.core.strict import format_base64
from apps.exchange import operations
from apps.exchange import queries as drafts
from pharmatrace.demo.signing import sign_statement
from tests.cast import (
    LINDE,
    MARKT,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Stage,
    keyring,
    ledger,
    stage,
)
from tests.custody.goods import Goods, pack, packs, serials, site
from tests.partners.helpers import altered, draft_bytes, envelope_of, rows

__all__ = ["keyring", "ledger", "stage"]

_BODY = "952777700001"  # of a GLN that nobody has


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=10)
    return told


def refused(kind: type[TraceError], *codes: str):
    return pytest.raises(kind, check=lambda error: error.code in codes)


def sample(goods: Goods, name: str = "S000000") -> bytes:
    wish = {
        "kind": "event",
        "step": "sample",
        "site": site(NOVAMED),
        "items": [pack(name)],
    }
    return draft_bytes(goods.stage, NOVAMED, wish)


def spki(key: Ed25519PrivateKey) -> dict[str, str]:
    public = public_key_of(key)
    return {"spki_b64": format_base64(public.spki), "alg": public.alg}


@pytest.mark.parametrize(
    "kind",
    ["events", "recall.open", "party.licence", "product.register", "key.revoke",
     "recall.answer", "genesis", "party.admit", "key.enrol"],
)  # fmt: skip
def test_a_body_is_not_said_under_another_kind(goods: Goods, kind: str) -> None:
    payload = json.loads(sample(goods)) | {"kind": kind}
    before = rows()

    with pytest.raises((MalformedInput, UntrustedSignature, LedgerConflict)):
        goods.stage.send(
            envelope_of(canonical_bytes(payload), [goods.stage.keyring.key_of(NOVAMED)])
        )

    assert rows() == before


def test_a_statement_is_not_said_again_by_another_party(goods: Goods) -> None:
    payload = sample(goods)
    goods.stage.send(envelope_of(payload, [goods.stage.keyring.key_of(NOVAMED)]))
    key = goods.stage.keyring.key_of(TRANSPHARM)
    mine = altered(payload, by=TRANSPHARM.gln, signer=TRANSPHARM.admin.signer)
    before = rows()

    with pytest.raises(TraceError):
        goods.stage.send(envelope_of(mine, [key]))
    with refused(LedgerConflict, "other_signatures"):
        goods.stage.send(envelope_of(payload, [key]))
    with refused(UntrustedSignature, "not_of_party"):
        goods.stage.send(envelope_of(sample(goods, "S000001"), [key]))

    assert rows() == before


def test_a_nonce_may_come_twice_and_a_pack_may_not(goods: Goods) -> None:
    first = sample(goods)
    nonce = parse_statement(first).nonce
    second = altered(sample(goods, "S000001"), nonce=nonce)
    third = altered(sample(goods), nonce=nonce, meaning="the same pack again")
    keys = [goods.stage.keyring.key_of(NOVAMED)]

    assert goods.stage.send(envelope_of(first, keys)).is_new
    assert goods.stage.send(envelope_of(second, keys)).is_new
    with refused(TraceError, "serial_ended"):
        goods.stage.send(envelope_of(third, keys))


def test_a_signature_twice_in_an_envelope_is_refused(goods: Goods) -> None:
    envelope = json.loads(
        envelope_of(sample(goods), [goods.stage.keyring.key_of(NOVAMED)])
    )
    envelope["signatures"] *= 2

    with pytest.raises(MalformedInput):
        goods.stage.send(canonical_bytes(envelope))


def test_nobody_enrols_a_key_for_another_party(stage: Stage) -> None:
    key, mine = Ed25519PrivateKey.generate(), stage.keyring.key_of(TRANSPHARM)
    wish = {"kind": "key.enrol", **spki(key)}
    theirs = draft_bytes(stage, NOVAMED, wish)
    before = rows()

    with refused(UntrustedSignature, "admin_missing"):
        stage.send(envelope_of(theirs, [key]))
    with refused(UntrustedSignature, "admin_missing", "not_of_party"):
        stage.send(envelope_of(theirs, [key, mine]))
    with refused(UntrustedSignature, "possession_missing"):
        stage.send(envelope_of(theirs, [stage.keyring.key_of(NOVAMED)]))
    known = draft_bytes(
        stage, TRANSPHARM, {"kind": "key.enrol", **spki(stage.keyring.key_of(NOVAMED))}
    )
    with refused(LedgerConflict, "key_known"):
        stage.send(envelope_of(known, [stage.keyring.key_of(NOVAMED), mine]))

    assert rows() == before


def test_a_key_that_is_not_enrolled_yet_says_nothing_in_the_same_breath(
    stage: Stage,
) -> None:
    """A batch is judged in order: use before enrolment is refused, and all with it."""
    person = NOVAMED.people[1]
    key, admin = (
        stage.keyring.key_of(NOVAMED, person),
        stage.keyring.key_of(NOVAMED),
    )
    wish = {"kind": "key.enrol", **spki(key)}
    enrol = drafts.draft(
        wish=wish, actor=stage.actor(NOVAMED, person), at=stage.tick()
    ).payload
    product = {
        "kind": "product.register",
        "gtin": "09521568452106",
        "name": "Respira",
        "pack_size": "200 doses",
    }
    use = drafts.draft(
        wish=product, actor=stage.actor(NOVAMED, person), at=stage.tick()
    ).payload
    at = stage.tick()
    said = [
        operations.read_submission(
            envelope=sign_statement(payload, *keys),
            lines=None,
            at=at,
            origin=parse_statement(use).ledger,
        )
        for payload, keys in ((use, [key]), (enrol, [key, admin]))
    ]
    before = rows()

    with refused(UntrustedSignature, "unknown_key"):
        operations.submit_all(submissions=said, at=at)
    assert rows() == before

    assert all(
        each.is_new for each in operations.submit_all(submissions=said[::-1], at=at)
    )


def test_offices_are_two_and_neither_is_named_into_being(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    wish = {
        "kind": "party.admit",
        "gln": f"{_BODY}{compute_check_digit(_BODY)}",
        "name": "Shell company",
        "country": "DE",
        **spki(key),
        "signer": "mallory-0001",
    }
    draft = draft_bytes(stage, REGULATOR, wish)
    regulator, operator = (stage.keyring.key_of(p) for p in (REGULATOR, OPERATOR))
    mine = stage.keyring.key_of(TRANSPHARM)
    before = rows()

    for keys in ([key, regulator], [key, regulator, mine]):
        with refused(UntrustedSignature, "operator_missing"):
            stage.send(envelope_of(draft, keys))
    for keys in ([key, operator], [key, operator, mine], [key]):
        with refused(UntrustedSignature, "not_of_party"):
            stage.send(envelope_of(draft, keys))
    with refused(UntrustedSignature, "possession_missing"):
        stage.send(envelope_of(draft, [regulator, operator]))
    # The new key calls itself the regulator's.
    body = dict(parse_statement(draft).body) | {"gln": REGULATOR.gln}
    with pytest.raises(TraceError):
        stage.send(envelope_of(altered(draft, body=body), [key, operator]))
    # An own party as authority.
    own = altered(draft, by=TRANSPHARM.gln, signer=TRANSPHARM.admin.signer)
    with refused(UntrustedSignature, "not_an_authority"):
        stage.send(envelope_of(own, [key, mine, operator]))

    assert rows() == before
    assert stage.send(envelope_of(draft, [key, regulator, operator])).is_new


@pytest.mark.parametrize("player", [TRANSPHARM, OPERATOR])
def test_nobody_licenses_itself(stage: Stage, player) -> None:
    wish = {
        "kind": "party.licence",
        "gln": TRANSPHARM.gln,
        "role": "manufacturer",
        "gs1_prefixes": ["9521568"],
        "sites": [{"gln": site(NOVAMED), "name": "stolen"}],
        "scope": ["*"],
        "from": "2020-01-01",
    }
    draft = draft_bytes(stage, REGULATOR, wish)
    keys = [stage.keyring.key_of(player)]
    before = rows()

    with refused(UntrustedSignature, "not_of_party"):
        stage.send(envelope_of(draft, keys))
    own = altered(draft, by=player.gln, signer=player.admin.signer)
    with refused(UntrustedSignature, "not_an_authority"):
        stage.send(envelope_of(own, keys))
    offices = [stage.keyring.key_of(office) for office in (REGULATOR, OPERATOR)]
    with refused(MalformedInput, "site_taken"):
        stage.send(envelope_of(draft, offices))

    assert rows() == before


def test_subjects_of_a_party_statement_are_its_chains_alone(stage: Stage) -> None:
    key, admin = Ed25519PrivateKey.generate(), stage.keyring.key_of(STELLA)
    enrol = draft_bytes(stage, STELLA, {"kind": "key.enrol", **spki(key)})
    other = draft_bytes(
        stage, LINDE, {"kind": "key.enrol", **spki(stage.keyring.key_of(MARKT))}
    )
    foreign = parse_statement(other).subjects
    before = rows()

    for subjects in (foreign, parse_statement(enrol).subjects[:1]):
        with pytest.raises(MalformedInput):
            stage.send(envelope_of(altered(enrol, subjects=subjects), [key, admin]))

    assert rows() == before


def test_an_old_statement_is_no_bearer_token(goods: Goods) -> None:
    """Refused once, it does not come true later, when its time is over."""
    goods.deliver(packs(serials(1)))
    stage = goods.stage
    wish = {
        "kind": "event",
        "step": "dispense",
        "site": site(STELLA),
        "items": [pack("S000000")],
    }
    envelope = envelope_of(
        draft_bytes(stage, STELLA, wish), [stage.keyring.key_of(STELLA)]
    )
    assert len(parse_envelope(envelope).signatures) == 1
    stage.tick(timedelta(days=8))

    with refused(UntrustedSignature, "statement_expired"):
        stage.send(envelope)

    assert goods.where()[(STELLA.gln, "active")] == 1
