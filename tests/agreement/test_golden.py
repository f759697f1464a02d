"""Our own golden vectors, tables and keys of other forms: judged as Python judges them."""

import json
import re
from pathlib import Path

import pytest

from apps.core.errors import TraceError
from apps.core.keys import ALGORITHMS, load_public_key
from tests.agreement.engine import b64, code_of
from tests.golden.formats import statement_payload
from tests.golden.signatures import SCOPE

GOLDEN = json.loads(
    (Path(__file__).resolve().parents[1] / "golden" / "formats.json").read_text()
)


def test_golden_signatures_are_judged_as_written_down(engine):
    from apps.core.envelope import STATEMENT_TYPE, pae

    covered = pae(STATEMENT_TYPE, statement_payload())
    scope = {"rpId": SCOPE.rp_id, "origins": sorted(SCOPE.origins)}
    for case in GOLDEN["signatures"]:
        code = code_of(
            engine,
            "signature",
            alg=case["alg"],
            spki=case["spki_b64"],
            pae=b64(covered),
            sig=case["sig"],
            webauthn=case.get("webauthn"),
            scope=scope,
        )
        assert code == case["want_error"], case["desc"]


def test_golden_bytes_are_read(engine):
    computed = {name: bytes.fromhex(text) if re.fullmatch("([0-9a-f]{2})+", text) else b"" for name, text in GOLDEN["computed"].items()}  # fmt: skip

    assert engine.ask("statement", payload=b64(computed["statement"])) == "event"
    assert (
        engine.ask("leaf", data=b64(computed["leaf"]))
        == GOLDEN["computed"]["leaf_hash"]
    )
    assert engine.ask("canonical", data=b64(computed["envelope"])) == b64(
        computed["envelope"]
    )
    assert engine.ask("sha256", data=b64(computed["envelope"])) == GOLDEN["computed"]["envelope_digest"]  # fmt: skip


def test_tables_are_those_of_python(engine):
    from apps.core import cbv
    from apps.core.assigned import _BOUNDS

    said = engine.ask("cbv")
    for name, words in said.items():
        wanted = getattr(cbv, name)
        if isinstance(wanted, frozenset):
            assert set(words) == wanted, name
        elif isinstance(wanted, dict):
            assert dict(words) == wanted, name
        else:
            assert words == wanted, name
    assert len(said) == 13
    points = [point + step for point in _BOUNDS for step in (-1, 0)]
    points = [point for point in points if 0 <= point < 0x110000]
    taken = engine.ask("bounds", points=points)
    assert taken == [p for p in points if _is_assigned(p)]


def _is_assigned(point: int) -> bool:
    from apps.core.assigned import verify_assigned

    try:
        verify_assigned(chr(point))
    except TraceError:
        return False
    return True


@pytest.mark.parametrize("alg", [*sorted(ALGORITHMS), "rsa"])
def test_keys_of_other_forms_are_refused_alike(engine, alg):
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    def der(private, form=PublicFormat.SubjectPublicKeyInfo):
        return private.public_key().public_bytes(Encoding.DER, form)

    p256 = ec.generate_private_key(ec.SECP256R1())
    point = p256.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    good = der(p256)
    keys = [
        good,
        der(ed25519.Ed25519PrivateKey.generate()),
        der(x25519.X25519PrivateKey.generate()),
        der(ec.generate_private_key(ec.SECP384R1())),
        der(rsa.generate_private_key(65537, 2048)),
        bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + point,
        good[:-1],
        good + b"\0",
        good[:-1] + bytes([good[-1] ^ 1]),
        b"",
        bytes(129),
    ]
    for spki in keys:
        try:
            load_public_key(spki=spki, alg=alg)
            wanted = ""
        except TraceError as error:
            wanted = error.code
        assert code_of(engine, "key", spki=b64(spki), alg=alg) == wanted, spki.hex()
