"""The command that signs, run as a person would."""

import base64
import io
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
)

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes
from apps.core.envelope import STATEMENT_TYPE, parse_envelope, statement_id
from apps.core.envelope import Envelope as Wrapped
from apps.core.epcis import event_json
from apps.core.errors import MalformedInput
from apps.core.keys import load_public_key
from apps.core.outside import sign as command
from apps.core.outside.keyfile import make_key
from apps.core.signing import verify_signature
from tests.core.signing.epcis_cast import EVENTS
from tests.core.signing.statement_cast import SHIP

PAYLOAD = canonical_bytes(SHIP)
ID = statement_id(Wrapped(STATEMENT_TYPE, PAYLOAD, ()))
DRAFT = {
    "payload_type": STATEMENT_TYPE,
    "payload": base64.b64encode(PAYLOAD).decode(),
    "statement_id": ID,
    "words": "Novamed ships 10,002 packs to Transpharm.",
    "subjects": ["0a" * 32],
}
LINES = "".join(
    canonical_bytes({"event": event_json(EVENTS[name]), "parents": []}).decode() + "\n"
    for name in ("ship", "dispense")
)


def draft_of_file(lines=LINES, body=None):
    """A draft of kind events whose body names `lines`."""
    events = {"size": 1, "root": "cd" * 32}
    said = {
        **SHIP,
        "kind": "events",
        "subjects": [{"tag": "0a" * 32, "events": events}],
        "parents": [],
        "body": body or EventsFile.of(lines.encode()).to_json(),
    }
    payload = canonical_bytes(said)
    return {
        **DRAFT,
        "payload": base64.b64encode(payload).decode(),
        "statement_id": statement_id(Wrapped(STATEMENT_TYPE, payload, ())),
        "lines": lines,
    }


@pytest.fixture
def room(tmp_path):
    (tmp_path / "pass").write_text("correct horse\n")
    (tmp_path / "wrong").write_text("incorrect horse\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "token").write_text("pt_secret\n")
    (tmp_path / "draft.json").write_text(json.dumps(DRAFT))
    return tmp_path


def run(room, *arguments):
    return command.run([str(each) for each in arguments])


def keygen(room, capsys, name="key.pem", *more):
    code = run(
        room, "keygen", "--out", room / name, "--passphrase-file", room / "pass", *more
    )
    assert code == 0
    return json.loads(capsys.readouterr().out)


def sign_with(room, key="key.pem", draft="draft.json", *more, opened_by="pass"):
    return run(
        room,
        *("sign", room / draft, "--key", room / key),
        *("--passphrase-file", room / opened_by, *more),
    )


@pytest.mark.parametrize("alg", ["ed25519", "ecdsa-p256-sha256"])
def test_a_draft_becomes_an_envelope_that_verifies(room, capsys, alg):
    made = keygen(room, capsys, "key.pem", "--alg", alg)

    assert sign_with(room) == 0

    out, err = capsys.readouterr()
    envelope = parse_envelope(out.encode())
    key = load_public_key(spki=base64.b64decode(made["spki_b64"]), alg=alg)
    assert (key.keyid, statement_id(envelope)) == (made["keyid"], ID)
    verify_signature(key=key, pae=envelope.pae, signature=envelope.signatures[0])
    assert err.splitlines()[0] == DRAFT["words"]
    assert "by       9521568000017" in err
    assert "units    10002" in err


def test_a_statement_that_moves_nothing_says_no_units(room, capsys):
    keygen(room, capsys)
    payload = canonical_bytes({**SHIP, "subjects": SHIP["subjects"][2:]})
    changes = {
        "payload": base64.b64encode(payload).decode(),
        "statement_id": statement_id(Wrapped(STATEMENT_TYPE, payload, ())),
    }
    (room / "none.json").write_text(json.dumps({**DRAFT, **changes}))

    assert sign_with(room, "key.pem", "none.json") == 0
    assert "units" not in capsys.readouterr().err


def test_a_key_file_is_private_encrypted_and_never_overwritten(room, capsys):
    keygen(room, capsys)

    assert (room / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (room / "key.pem").read_bytes().startswith(b"-----BEGIN ENCRYPTED")
    before = (room / "key.pem").read_bytes()
    arguments = ("--out", room / "key.pem", "--passphrase-file", room / "pass")
    assert run(room, "keygen", *arguments) == 2
    assert (room / "key.pem").read_bytes() == before


def test_a_second_signer_co_signs_the_envelope(room, capsys):
    keygen(room, capsys)
    keygen(room, capsys, "second.pem")
    sign_with(room)
    (room / "once.json").write_text(capsys.readouterr().out)

    assert sign_with(room, "second.pem", "once.json") == 0

    envelope = parse_envelope(capsys.readouterr().out.encode())
    assert len(envelope.signatures) == 2
    assert sign_with(room, "key.pem", "once.json") == 1
    assert "not sorted" in capsys.readouterr().err


def test_nothing_is_signed_with_a_wrong_passphrase_or_without_one(room, capsys):
    keygen(room, capsys)

    assert sign_with(room, opened_by="wrong") == 1
    assert "bad key" in capsys.readouterr().err
    assert sign_with(room, opened_by="empty") == 1
    assert sign_with(room, opened_by="absent") == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"statement_id": "0a" * 32}, "wrong statement id"),
        ({"payload_type": "text/plain"}, "wrong payload type"),
        ({"payload": base64.b64encode(b"{}").decode()}, "wrong statement id"),
        ({"payload": "!"}, "bad base64"),
        ({"words": None}, "wrong type"),
    ],
)
def test_a_draft_that_contradicts_itself_is_not_signed(room, capsys, changes, told):
    keygen(room, capsys)
    (room / "bad.json").write_text(json.dumps({**DRAFT, **changes}))

    assert sign_with(room, "key.pem", "bad.json") == 1

    out, err = capsys.readouterr()
    assert out == ""
    assert told in err


def test_bytes_that_are_no_statement_are_not_signed(room, capsys):
    keygen(room, capsys)
    other = b'{"v":1}'
    changes = {
        "payload": base64.b64encode(other).decode(),
        "statement_id": statement_id(Wrapped(STATEMENT_TYPE, other, ())),
    }
    (room / "bad.json").write_text(json.dumps({**DRAFT, **changes}))

    assert sign_with(room, "key.pem", "bad.json") == 1
    assert capsys.readouterr().out == ""


def test_a_passphrase_is_asked_for_where_no_file_is_named(room, capsys, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "getpass.getpass", lambda prompt: asked.append(prompt) or "correct horse"
    )

    assert run(room, "keygen", "--out", room / "typed.pem") == 0
    assert sign_with(room, "typed.pem") == 0
    assert asked == ["Passphrase for the key: "]


def test_a_draft_may_come_from_standard_input(room, capsys, monkeypatch):
    keygen(room, capsys)
    monkeypatch.setattr(
        "sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DRAFT).encode()))
    )
    arguments = ("--key", room / "key.pem", "--passphrase-file", room / "pass")

    assert run(room, "sign", *arguments) == 0
    assert statement_id(parse_envelope(capsys.readouterr().out.encode())) == ID


def test_a_file_without_end_is_not_read_to_it(room, capsys):
    keygen(room, capsys)

    assert run(room, "sign", "/dev/zero", "--key", room / "key.pem") == 1
    assert "too large" in capsys.readouterr().err


def test_other_kinds_of_keys_do_not_sign(room, capsys):
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"correct horse")
    )
    (room / "rsa.pem").write_bytes(pem)

    assert sign_with(room, "rsa.pem") == 1
    with pytest.raises(MalformedInput):
        make_key("webauthn-es256")


def test_a_site_that_is_not_there_is_said_so(room, capsys):
    keygen(room, capsys)

    code = sign_with(
        room,
        "key.pem",
        "draft.json",
        *("--post", "http://127.0.0.1:9", "--token-file", room / "token"),
    )

    assert code == 1
    assert "no answer" in capsys.readouterr().err
