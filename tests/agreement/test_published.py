"""What others published, and our own golden vectors: the modules judge them as Python does."""

import base64
import json
import re
from hashlib import sha256, shake_128, shake_256
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature

from apps.core.checkpoint import open_checkpoint
from apps.core.errors import TraceError
from apps.core.keys import ED25519, load_public_key
from apps.core.notekey import SignatureType, VerifierKey
from tests.agreement.engine import RefusedError, b64, code_of
from tests.core.log.test_merkle import cases
from tests.core.log.test_note import TESSERA_VKEY, example_key, example_note, spec
from tests.core.log.test_notekey import mldsa_cases
from tests.core.signing.test_keys import ED25519_SPKI_HEAD, cctv_keys
from tests.vectors import load_json, vectors_path

GOLDEN = json.loads(
    (Path(__file__).resolve().parents[1] / "golden" / "formats.json").read_text()
)


@pytest.mark.parametrize("size", [0, 1, 55, 56, 63, 64, 65, 119, 120, 135, 168, 1_000])
def test_hashes_are_those_of_the_standard(engine, size):
    data = bytes(number % 251 for number in range(size))

    assert engine.ask("sha256", data=b64(data)) == sha256(data).hexdigest()
    assert engine.ask("shake", data=b64(data), size=400) == [
        shake_128(data).hexdigest(400),
        shake_256(data).hexdigest(400),
    ]


@pytest.mark.parametrize("name", ["arrays", "french", "structures", "values"])
def test_published_json_has_its_published_form(engine, name):
    folder = "crypto/json-canonicalization"
    data = vectors_path(f"{folder}/input/{name}.json").read_bytes()
    wanted = vectors_path(f"{folder}/output/{name}.json").read_bytes()

    assert engine.ask("canonical", data=b64(data)) == b64(wanted)
    assert engine.ask("parseCanonical", data=b64(wanted)) == b64(wanted)


def test_published_doubles_are_written_as_published(engine):
    path = vectors_path("crypto/json-canonicalization/es6testfile_1000.txt")
    for line in path.read_text().splitlines():
        bits, _, wanted = line.partition(",")
        assert engine.ask("double", bits=bits) == wanted


@pytest.mark.parametrize("case", cases("inclusion"))
def test_published_inclusion_is_judged_as_published(engine, case):
    args = {
        "leaf": case["leafHash"] or "",
        "index": case["leafIdx"],
        "size": case["treeSize"],
        "path": case["proof"] or [],
    }
    try:
        is_right = engine.ask("root", **args) == base64.b64decode(case["root"]).hex()
    except RefusedError:
        is_right = False

    assert is_right is not case["wantErr"]


def test_published_ed25519_signatures_are_judged_as_published(engine):
    for group in load_json("crypto/wycheproof/ed25519_test.json")["testGroups"]:
        key = bytes.fromhex(group["publicKeyDer"])
        for case in group["tests"]:
            message, sig = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            args = {"pae": b64(message), "sig": b64(sig), "spki": b64(key)}
            code = code_of(engine, "signature", alg=ED25519, **args)
            assert code == ("" if case["result"] == "valid" else "bad_signature"), case
            args = {"key": b64(key[-32:]), "sig": b64(sig), "message": b64(message)}
            # By WebCrypto, and by our own for browsers that lack it.
            valid = case["result"] == "valid"
            assert engine.ask("ed25519", **args) == [valid, valid], case


def test_odd_ed25519_points_are_judged_as_by_openssl(engine):
    """CCTV's signatures whose R is of small order or another spelling, under good keys."""
    bad, good = cctv_keys()
    for key in sorted(bad | good):
        code = code_of(engine, "point", data=b64(bytes.fromhex(key)))
        assert code == ("bad_key" if key in bad else "")
    judged = 0
    for case in load_json("crypto/C2SP-CCTV/ed25519/ed25519vectors.json"):
        if case["key"] not in good:
            continue
        raw, sig = bytes.fromhex(case["key"]), bytes.fromhex(case["sig"])
        message = case["msg"].encode()
        key = load_public_key(spki=ED25519_SPKI_HEAD + raw, alg=ED25519)
        try:
            key.loaded.verify(sig, message)
            wanted = True
        except InvalidSignature:
            wanted = False
        args = {"key": b64(raw), "sig": b64(sig), "message": b64(message)}
        assert engine.ask("ed25519", **args) == [wanted, wanted], case
        judged += 1
    assert judged > 15


def test_published_p256_signatures_are_judged_as_published(engine):
    name = "crypto/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json"
    for group in load_json(name)["testGroups"]:
        key = b64(bytes.fromhex(group["publicKeyDer"]))
        for case in group["tests"]:
            message, sig = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            args = {"pae": b64(message), "sig": b64(sig), "spki": key}
            code = code_of(engine, "signature", alg="ecdsa-p256-sha256", **args)
            assert code == ("" if case["result"] == "valid" else "bad_signature"), case


def test_published_der_signatures_are_judged_as_published(engine):
    judged = 0
    name = "crypto/wycheproof/ecdsa_secp256r1_sha256_test.json"
    for group in load_json(name)["testGroups"]:
        point = b64(bytes.fromhex(group["publicKeyDer"])[-65:])
        for case in group["tests"]:
            message, sig = bytes.fromhex(case["msg"]), bytes.fromhex(case["sig"])
            said = engine.ask("der", key=point, sig=b64(sig), message=b64(message))
            assert said is (case["result"] == "valid"), case
            judged += 1
    assert judged > 300


def test_published_ml_dsa_signatures_are_judged_as_published(engine):
    judged = {True: 0, False: 0}
    for key, case in mldsa_cases():
        valid = case["result"] == "valid"
        args = {name: b64(bytes.fromhex(case[name])) for name in ("msg", "sig")}
        said = engine.ask("mldsa", key=b64(key), sig=args["sig"], message=args["msg"])
        assert said is valid, case
        judged[valid] += 1
    assert judged[True] > 10
    assert judged[False] > 30


def test_the_notes_of_the_standard_verify(engine):
    args = {"data": b64(example_note().encode())}
    key = example_key().format()

    assert engine.ask("vkey", text=key) == key
    assert engine.ask("note", **args) == "This is an example message.\n"
    example = re.search(r"```\n(.*?)```", spec("tlog-checkpoint"), re.S)[1]
    text = engine.ask("note", data=b64(example.encode()))
    assert engine.ask("checkpoint", text=text)[:2] == [
        "example.com/behind-the-sofa",
        "20852163",
    ]


@pytest.mark.parametrize("size", [".0", ".1", ".3", ".9", ".15"])
def test_the_published_log_signed_its_heads(engine, size):
    data = vectors_path(f"crypto/tessera/log/checkpoint{size}").read_bytes()
    name = TESSERA_VKEY.split("+", maxsplit=1)[0]
    assert data.startswith(name.encode())

    assert engine.ask("open", data=b64(data), logs=[TESSERA_VKEY]) == [1, 0]
    other = data.replace(b"\n" + size[1:].encode() + b"\n", b"\n7\n")
    assert code_of(engine, "open", data=b64(other), logs=[TESSERA_VKEY]) in {
        "bad_note_signature"
    }


@pytest.mark.parametrize(
    "name",
    [
        "cosigned",
        "missing-root-hash_fail",
        "missing-origin_fail",
        "no-matching-signature_fail",
    ],
)
def test_published_checkpoints_are_judged_as_by_python(engine, name):
    base = f"crypto/sigstore-conformance/bundle-verify/rekor2-checkpoint-{name}"
    entry = load_json(f"{base}/bundle.sigstore.json")["verificationMaterial"][
        "tlogEntries"
    ][0]
    data = entry["inclusionProof"]["checkpoint"]["envelope"].encode()
    keys = [
        VerifierKey(
            re.sub("^https://", "", log["baseUrl"]),
            SignatureType.ED25519,
            base64.b64decode(log["publicKey"]["rawBytes"])[-32:],
        )
        for log in load_json(f"{base}/trusted_root.json")["tlogs"]
        if "PKIX_ED25519" in log["publicKey"]["keyDetails"]
    ]
    try:
        open_checkpoint(data, log_keys=keys)
        wanted = ""
    except TraceError as error:
        wanted = error.code

    logs = [key.format() for key in keys]
    assert code_of(engine, "open", data=b64(data), logs=logs) == wanted
    assert bool(wanted) is name.endswith("_fail")


def test_the_policy_of_the_standard_is_read(engine):
    example = re.search(r"```\n(log <vkey>\n.*?)```", spec("tlog-policy"), re.S)[1]
    kinds = iter([SignatureType.ED25519] + [SignatureType.COSIGNATURE_ED25519] * 6)
    numbers = iter(range(99))
    text = re.sub(
        "<vkey>",
        lambda _: VerifierKey("k.example", next(kinds), bytes([next(numbers)] * 32)).format(),
        example,
    )  # fmt: skip

    for names, enough in (
        (["X1", "X3", "Y2"], True),
        (["X1", "X2", "X3"], False),
        (["X1", "Y1", "Y2", "Y3"], False),
        (["X-witnesses", "Y-witnesses", "X-and-Y"], False),
    ):
        said = engine.ask("policy", data=b64(text.encode()), cosigned=names)
        assert said == [1, 6, 3, enough]
