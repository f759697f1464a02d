import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.signing import PrivateKey, public_key_of
from apps.core.strict import format_base64
from apps.partners.models import KeyRequest, SigningKey
from tests.cast import NOVAMED, STELLA, TRANSPHARM, Stage
from tests.partners.helpers import altered, draft_bytes, envelope_of, rows

NILS = NOVAMED.people[1]


def _wish(key: PrivateKey) -> dict[str, object]:
    public = public_key_of(key)
    return {
        "kind": "key.enrol",
        "spki_b64": format_base64(public.spki),
        "alg": public.alg,
    }


@pytest.mark.parametrize(
    "key",
    [Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())],
    ids=["ed25519", "p256"],
)
def test_a_new_key_is_enrolled_by_itself_and_an_admin(
    stage: Stage, key: PrivateKey
) -> None:
    payload = draft_bytes(stage, NOVAMED, _wish(key))

    accepted = stage.send(envelope_of(payload, [key, stage.keyring.key_of(NOVAMED)]))

    row = SigningKey.objects.get(keyid=public_key_of(key).keyid)
    assert (row.partner.gln, row.role) == (NOVAMED.gln, "admin")
    assert (row.enrolled_by, row.enrolled_ms) == (
        accepted.statement_id,
        accepted.accepted_ms,
    )
    assert {row.tag.hex(), row.partner.tag.hex()} == set(accepted.tags)


def test_a_signers_key_cannot_enrol_another(stage: Stage) -> None:
    stage.enrol(NOVAMED, NILS)
    key = Ed25519PrivateKey.generate()
    payload = draft_bytes(stage, NOVAMED, _wish(key))
    payload = altered(payload, signer=NILS.signer)
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [key, stage.keyring.key_of(NOVAMED, NILS)]))

    assert refused.value.code == "admin_missing"
    assert rows() == before


def test_a_key_is_not_enrolled_without_possession(stage: Stage) -> None:
    payload = draft_bytes(stage, NOVAMED, _wish(Ed25519PrivateKey.generate()))
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(NOVAMED)]))

    assert refused.value.code == "possession_missing"
    assert rows() == before


def test_another_partys_admin_does_not_count(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    payload = draft_bytes(stage, NOVAMED, _wish(key))
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [key, stage.keyring.key_of(STELLA)]))

    assert refused.value.code == "admin_missing"
    assert rows() == before


def test_a_key_is_enrolled_once_in_the_ledger(stage: Stage) -> None:
    key = Ed25519PrivateKey.generate()
    novamed, stella = stage.keyring.key_of(NOVAMED), stage.keyring.key_of(STELLA)
    stage.send(envelope_of(draft_bytes(stage, NOVAMED, _wish(key)), [key, novamed]))
    payload = draft_bytes(stage, STELLA, _wish(key))
    before = rows()

    with pytest.raises(LedgerConflict) as refused:
        stage.send(envelope_of(payload, [key, stella]))

    assert refused.value.code == "key_known"
    assert rows() == before


def test_a_revoked_key_is_not_enrolled_again(stage: Stage) -> None:
    stage.enrol(NOVAMED, NILS)
    key = stage.keyring.key_of(NOVAMED, NILS)
    _revoke(stage, key)

    with pytest.raises(LedgerConflict) as refused:
        stage.enrol(NOVAMED, NILS)

    assert refused.value.code == "key_known"


def test_an_admin_revokes_a_colleagues_key(stage: Stage) -> None:
    stage.enrol(NOVAMED, NILS)
    keyid = public_key_of(stage.keyring.key_of(NOVAMED, NILS)).keyid
    wish = {"kind": "key.revoke", "keyid": keyid, "reason": "left"}

    accepted = stage.act(NOVAMED, wish | {"suspect_since": "2027-02-01"})

    row = SigningKey.objects.get(keyid=keyid)
    assert (row.revoked_by, row.revoked_ms, row.suspect_since_ms) == (
        accepted.statement_id,
        accepted.accepted_ms,
        1_801_440_000_000,
    )
    assert accepted.tags == (row.tag.hex(),)


def test_a_signer_revokes_their_own_key_and_no_other(stage: Stage) -> None:
    stage.enrol(NOVAMED, NILS)
    own = stage.keyring.key_of(NOVAMED, NILS)
    wish = {
        "kind": "key.revoke",
        "keyid": public_key_of(stage.keyring.key_of(NOVAMED)).keyid,
        "reason": "I want to",
    }
    foreign = altered(draft_bytes(stage, NOVAMED, wish), signer=NILS.signer)

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(foreign, [own]))
    assert refused.value.code == "admin_missing"

    wish["keyid"] = public_key_of(own).keyid
    payload = altered(draft_bytes(stage, NOVAMED, wish), signer=NILS.signer)
    assert stage.send(envelope_of(payload, [own])).is_new


def test_nobody_revokes_the_key_of_another_party(stage: Stage) -> None:
    keyid = public_key_of(stage.keyring.key_of(STELLA)).keyid
    wish = {"kind": "key.revoke", "keyid": keyid, "reason": "mischief"}
    payload = altered(
        draft_bytes(stage, STELLA, wish),
        by=TRANSPHARM.gln,
        signer=TRANSPHARM.admin.signer,
    )
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(envelope_of(payload, [stage.keyring.key_of(TRANSPHARM)]))

    assert refused.value.code == "not_of_party"
    assert rows() == before
    assert SigningKey.objects.get(keyid=keyid).revoked_ms is None


def test_a_key_ends_once(stage: Stage) -> None:
    stage.enrol(NOVAMED, NILS)
    key = stage.keyring.key_of(NOVAMED, NILS)
    _revoke(stage, key)

    with pytest.raises(LedgerConflict) as refused:
        _revoke(stage, key)

    assert refused.value.code == "key_revoked"


def test_a_foreign_key_and_a_missing_one_are_drafted_alike(stage: Stage) -> None:
    stella = public_key_of(stage.keyring.key_of(STELLA)).keyid

    codes = []
    for keyid in (stella, "0" * 64):
        wish = {"kind": "key.revoke", "keyid": keyid, "reason": "x"}
        with pytest.raises(MalformedInput) as refused:
            draft_bytes(stage, NOVAMED, wish)
        codes.append(refused.value.sentence().replace(keyid, "-"))

    assert len(set(codes)) == 1


def test_the_low_order_key_is_refused_at_the_draft(stage: Stage) -> None:
    # The neutral element: it would verify a constant signature under any message.
    spki = bytes.fromhex("302a300506032b6570032100") + b"\x01" + bytes(31)
    wish = {"kind": "key.enrol", "spki_b64": format_base64(spki), "alg": "ed25519"}

    with pytest.raises(MalformedInput) as refused:
        draft_bytes(stage, NOVAMED, wish)

    assert refused.value.code == "bad_key"
    assert KeyRequest.objects.count() == 0


def _revoke(stage: Stage, key: PrivateKey) -> None:
    keyid = public_key_of(key).keyid
    stage.act(NOVAMED, {"kind": "key.revoke", "keyid": keyid, "reason": "left"})
