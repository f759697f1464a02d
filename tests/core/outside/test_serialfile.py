"""The maker's file against the root it is asked to sign; mostly refusals."""

import base64
import json
from dataclasses import replace

import pytest

from apps.core.canonical import canonical_bytes
from apps.core.envelope import STATEMENT_TYPE, Envelope, statement_id
from apps.core.errors import MalformedInput, ProofError
from apps.core.outside import sign as command
from apps.core.outside.serialfile import read_serials, verify_drafted_serials
from apps.core.ranges import set_digest
from apps.core.serials import serials_root
from apps.core.statement import build_statement
from apps.core.strict import format_base64
from apps.core.subjects import Moved
from tests.core.outside import small_ledger as cast
from tests.core.signing.statement_cast import SHIP

SEED = bytes(range(32))
NAMES = ["S1", "S2", "S3"]
FILE = b"serial\nS1\nS2\nS3\n"


def drafted(names=NAMES, base=0, seed=SEED, **changes):
    statement = cast.commission()
    (subject,) = statement.subjects
    size = len(names)
    gtin = subject.serials.gtin
    root = serials_root(seed=SEED, gtin=gtin, base=base, serials=names)
    serials = replace(subject.serials, base=base, size=size, root=root)
    moved = Moved(size, set_digest(((base, base + size - 1),)))
    subject = replace(subject, moved=moved, serials=serials)
    payload = build_statement(replace(statement, subjects=(subject,)))
    made = {
        "payload": format_base64(payload),
        "seed": format_base64(seed),
        "words": "…",
        **changes,
    }
    return json.dumps(made).encode()


@pytest.mark.parametrize("base", [0, 48])
def test_a_file_that_gives_the_root_passes(base):
    said = verify_drafted_serials(draft=drafted(base=base), listed=FILE)

    assert said.startswith(f"serials  3 of your file, from unit {base} of ")


@pytest.mark.parametrize(
    ("draft", "listed", "step"),
    [
        (drafted(), b"serial\nS1\nS2\n", 2),
        (drafted(), FILE + b"S4\n", 2),
        (drafted(), b"serial\nS2\nS1\nS3\n", 4),
        (drafted(), b"serial\nS1\nS2\nS4\n", 4),
        (drafted(["S1", "S2", "X"]), FILE, 4),
        (drafted(seed=bytes(32)), FILE, 4),
    ],
)
def test_another_file_order_or_seed_is_refused(draft, listed, step):
    with pytest.raises(ProofError) as refused:
        verify_drafted_serials(draft=draft, listed=listed)

    assert (refused.value.code, refused.value.step) == ("serials_differ", step)


def test_a_statement_that_begins_no_lot_has_no_serials():
    draft = drafted(payload=format_base64(canonical_bytes(SHIP)))

    with pytest.raises(ProofError, match="serials differ"):
        verify_drafted_serials(draft=draft, listed=FILE)


@pytest.mark.parametrize(("content", "code"), [(FILE, 0), (b"S1\nS2\nS9\n", 1)])
def test_the_command_signs_only_the_serials_of_the_file(
    tmp_path, capsys, content, code
):
    (tmp_path / "pass").write_text("correct horse\n")
    (tmp_path / "serials.csv").write_bytes(content)
    payload = json.loads(drafted())["payload"]
    envelope = Envelope(STATEMENT_TYPE, base64.b64decode(payload), ())
    made = drafted(payload_type=STATEMENT_TYPE, statement_id=statement_id(envelope))
    (tmp_path / "draft.json").write_bytes(made)
    key, secret = str(tmp_path / "key.pem"), str(tmp_path / "pass")
    command.run(["keygen", "--out", key, "--passphrase-file", secret])
    capsys.readouterr()

    found = command.run(
        [
            *("sign", str(tmp_path / "draft.json")),
            *("--serials", str(tmp_path / "serials.csv")),
            *("--key", key, "--passphrase-file", secret),
        ]
    )

    assert found == code
    assert bool(capsys.readouterr().out) == (code == 0)


def test_a_draft_without_a_seed_cannot_be_checked():
    made = json.loads(drafted())
    del made["seed"]

    with pytest.raises(MalformedInput, match="missing field"):
        verify_drafted_serials(draft=json.dumps(made).encode(), listed=FILE)


@pytest.mark.parametrize(
    "data",
    [
        FILE,
        b"S1\nS2\nS3",
        b"\xef\xbb\xbfSerial\r\nS1\r\n\r\nS2\r\nS3\r\n",
        b"gtin;serial\n1;S1\n1;S2\n1; S3\n",
        b'serial,lot\n"S1",A\nS2,A\nS3,A\n',
    ],
)
def test_files_of_serials_are_read(data):
    assert read_serials(data) == NAMES


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\xff", "not_utf8"),
        (b"", "not_csv"),
        (b"a,b\n1,2\n", "not_csv"),
        (b"gtin,serial\n1\n", "not_csv"),
    ],
)
def test_other_files_are_refused(data, code):
    with pytest.raises(MalformedInput) as refused:
        read_serials(data)

    assert refused.value.code == code
