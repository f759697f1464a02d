"""Passkeys at the door: enrolled as any key, believed for exactly what they signed.

Every refused assertion below is signed by the passkey's own key: what is refused is
what it says, not that it does not verify.
"""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from apps.core.envelope import (
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_bytes,
    pae,
    parse_envelope,
)
from apps.core.errors import MalformedInput, UntrustedSignature
from apps.core.webauthn import authenticator_flags
from apps.ledger import queries as ledger
from apps.partners import queries
from apps.partners.models import SigningKey
from tests.cast import NOVAMED, TRANSPHARM, Stage
from tests.partners.helpers import draft_bytes, rows
from tests.partners.lending import enrol_passkey
from tests.partners.passkeys import Passkey

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
CASE = {
    "kind": "event",
    "step": "new_container",
    "site": NOVAMED.sites[0].gln,
    "container": "(00)095215680000000017",
}


def over(payload: bytes, signature: Signature) -> bytes:
    return envelope_bytes(
        build_envelope(
            payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
        )
    )


@pytest.fixture
def passkey(stage: Stage) -> Passkey:
    return enrol_passkey(stage, NOVAMED)


def test_a_passkey_is_enrolled_and_signs_an_event(
    stage: Stage, passkey: Passkey
) -> None:
    payload = draft_bytes(stage, NOVAMED, CASE)

    accepted = stage.send(over(payload, passkey.signature(STATEMENT_TYPE, payload)))

    row = SigningKey.objects.get(keyid=passkey.public.keyid)
    assert (row.algorithm, row.partner.gln) == ("webauthn-es256", NOVAMED.gln)
    assert accepted.is_new


def test_a_passkey_without_possession_is_not_enrolled(stage: Stage) -> None:
    passkey = Passkey(queries.get_genesis().webauthn)
    other = Passkey(queries.get_genesis().webauthn)
    payload = draft_bytes(stage, NOVAMED, {"kind": "key.enrol", **passkey.wish})
    before = rows()

    signature = other.signature(STATEMENT_TYPE, payload)
    forged = Signature(passkey.public.keyid, signature.sig, signature.webauthn)
    with pytest.raises(UntrustedSignature) as refused:
        stage.send(over(payload, forged))

    assert refused.value.code == "bad_signature"
    assert rows() == before


Said = Callable[[Passkey, bytes], Signature]


def _client(**changes: object) -> Said:
    return lambda key, covered: key.assertion(
        authenticator_data=key.authenticator_data(),
        client_data=key.client_data(covered, **changes),
    )


def _data(**changes: object) -> Said:
    return lambda key, covered: key.assertion(
        authenticator_data=key.authenticator_data(**changes),  # type: ignore[arg-type]
        client_data=key.client_data(covered),
    )


def _cut(size: int) -> Said:
    return lambda key, covered: key.assertion(
        authenticator_data=key.authenticator_data()[:size],
        client_data=key.client_data(covered),
    )


def _of_another_statement(key: Passkey, covered: bytes) -> Signature:
    return _client()(key, covered + b" ")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (_client(origin="https://evil.example"), "origin"),
        (_client(origin="http://localhost:9999"), "origin"),
        (_client(crossOrigin=True), "crossOrigin"),
        (_client(topOrigin="http://localhost:8000"), "crossOrigin"),
        (_client(type="webauthn.create"), "type"),
        (_of_another_statement, "challenge"),
        (_client(challenge=""), "challenge"),
        (_data(rp_id="evil.example"), "rpIdHash"),
        (_data(flags=0x04), "flags"),  # nobody was present
        (_data(flags=0x01), "flags"),  # nobody was verified
        (_data(flags=0x15), "flags"),  # backed up, yet not eligible
        (_data(flags=0x45), "flags"),  # an assertion attests no credential
        (_cut(36), "authenticatorData"),
        (_cut(32), "authenticatorData"),
    ],
)
def test_an_assertion_for_something_else_is_refused(
    stage: Stage, passkey: Passkey, said: Said, field: str
) -> None:
    payload = draft_bytes(stage, NOVAMED, CASE)
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(over(payload, said(passkey, pae(STATEMENT_TYPE, payload))))

    assert refused.value.code == "bad_assertion"
    assert refused.value.field == f"webauthn.{field}"
    assert rows() == before


def _long_length(sig: bytes) -> bytes:
    return b"\x30\x81" + sig[1:]


def _trailing(sig: bytes) -> bytes:
    return sig + b"\x00"


def _padded_r(sig: bytes) -> bytes:
    r = sig[4 : 4 + sig[3]]
    rest = sig[4 + sig[3] :]
    body = b"\x02" + bytes([len(r) + 1]) + b"\x00" + r + rest
    return b"\x30" + bytes([len(body)]) + body


def _raw(sig: bytes) -> bytes:
    r, s = decode_dss_signature(sig)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _zeros(sig: bytes) -> bytes:
    return encode_dss_signature(0, 0)


@pytest.mark.parametrize("spell", [_long_length, _trailing, _padded_r, _raw, _zeros])
def test_a_signature_in_another_spelling_is_refused(
    stage: Stage, passkey: Passkey, spell: Callable[[bytes], bytes]
) -> None:
    payload = draft_bytes(stage, NOVAMED, CASE)
    good = passkey.signature(STATEMENT_TYPE, payload)
    before = rows()

    with pytest.raises(UntrustedSignature) as refused:
        stage.send(over(payload, Signature(good.keyid, spell(good.sig), good.webauthn)))

    assert refused.value.code == "bad_signature"
    assert rows() == before


def test_either_s_is_the_same_statement(stage: Stage, passkey: Passkey) -> None:
    """The policy on high s: authenticators do not choose, and the id does not change."""
    payload = draft_bytes(stage, NOVAMED, CASE)
    good = passkey.signature(STATEMENT_TYPE, payload)
    r, s = decode_dss_signature(good.sig)
    other = encode_dss_signature(r, ORDER - s)

    first = stage.send(over(payload, Signature(good.keyid, other, good.webauthn)))
    second = stage.send(over(payload, good))

    assert (first.is_new, second.is_new) == (True, False)
    assert first.statement_id == second.statement_id


def test_another_credential_signs_nothing_for_it(
    stage: Stage, passkey: Passkey
) -> None:
    other = enrol_passkey(stage, TRANSPHARM)
    payload = draft_bytes(stage, NOVAMED, CASE)
    theirs = other.signature(STATEMENT_TYPE, payload)
    before = rows()

    forged = Signature(passkey.public.keyid, theirs.sig, theirs.webauthn)
    with pytest.raises(UntrustedSignature) as refused:
        stage.send(over(payload, forged))
    assert refused.value.code == "bad_signature"
    with pytest.raises(UntrustedSignature) as refused:
        stage.send(over(payload, theirs))
    assert refused.value.code == "not_of_party"
    assert rows() == before


def test_an_assertion_needs_its_evidence(stage: Stage, passkey: Passkey) -> None:
    payload = draft_bytes(stage, NOVAMED, CASE)
    good = passkey.signature(STATEMENT_TYPE, payload)

    with pytest.raises(UntrustedSignature):
        stage.send(over(payload, Signature(good.keyid, good.sig)))


@pytest.mark.parametrize("counter", [0, 7, 0xFFFFFFFF])
@pytest.mark.parametrize("flags", [0x05, 0x0D, 0x1D])
def test_counter_and_backup_flags_decide_nothing_and_are_kept(
    stage: Stage, passkey: Passkey, counter: int, flags: int
) -> None:
    payload = draft_bytes(stage, NOVAMED, CASE)
    covered = pae(STATEMENT_TYPE, payload)
    data = passkey.authenticator_data(flags=flags, counter=counter)

    accepted = stage.send(
        over(
            payload,
            passkey.assertion(
                authenticator_data=data, client_data=passkey.client_data(covered)
            ),
        )
    )

    kept = parse_envelope(ledger.get_envelope(accepted.statement_id))
    (signature,) = kept.signatures
    assert signature.webauthn is not None
    assert signature.webauthn.authenticator_data == data
    said = authenticator_flags(signature.webauthn.authenticator_data)
    assert (said.is_backup_eligible, said.is_backed_up) == (
        bool(flags & 0x08),
        bool(flags & 0x10),
    )


def test_a_key_of_another_curve_is_no_passkey(stage: Stage) -> None:
    passkey = Passkey(queries.get_genesis().webauthn)
    wish = {"kind": "key.enrol", **passkey.wish, "alg": "ed25519"}

    with pytest.raises(MalformedInput) as refused:
        draft_bytes(stage, NOVAMED, wish)

    assert refused.value.code == "bad_key"
