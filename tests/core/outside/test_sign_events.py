"""A file of events is signed only where it is the one that the statement names."""

import base64
import json

import pytest

from apps.core.bodies import EventsFile
from apps.core.envelope import Envelope, parse_envelope, statement_id
from apps.core.errors import MalformedInput
from apps.core.outside.sign import Draft, read_draft, sign_draft
from apps.core.strict import format_base64
from tests.core.outside.small_ledger import key
from tests.core.outside.test_sign import (
    DRAFT,
    LINES,
    draft_of_file,
    keygen,
    room,
    sign_with,
)

__all__ = ["room"]
FIRST, SECOND = LINES.splitlines(keepends=True)


def test_the_signer_is_told_number_and_digest(room, capsys):
    keygen(room, capsys)
    (room / "many.json").write_text(json.dumps(draft_of_file()))

    assert sign_with(room, "key.pem", "many.json") == 0

    out, err = capsys.readouterr()
    digest = EventsFile.of(LINES.encode()).digest.hex()
    assert f"events   2, SHA-256 {digest}" in err
    assert len(parse_envelope(out.encode()).signatures) == 1


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (FIRST, "body_mismatch"),
        (FIRST + FIRST, "body_mismatch"),
        (SECOND + FIRST, "body_mismatch"),
        (LINES + FIRST, "body_mismatch"),
        (LINES.replace("+01:00", "+02:00"), "body_mismatch"),
        (LINES[:-1], "body_mismatch"),
        (LINES.replace("\n", "\r\n"), "body_mismatch"),
        ("", "body_mismatch"),
    ],
)
def test_forged_lines_are_not_signed(lines, code):
    draft = read_draft(json.dumps({**draft_of_file(), "lines": lines}).encode())

    with pytest.raises(MalformedInput) as caught:
        sign_draft(draft, key("nils"))

    assert caught.value.code == code


def test_a_digest_of_something_that_is_no_file_is_not_signed():
    draft = read_draft(json.dumps(draft_of_file('{"any":"thing"}\n')).encode())

    with pytest.raises(MalformedInput):
        sign_draft(draft, key("nils"))


def test_events_that_are_not_shown_are_not_signed():
    hidden = draft_of_file()
    del hidden["lines"]

    with pytest.raises(MalformedInput) as caught:
        sign_draft(read_draft(json.dumps(hidden).encode()), key("nils"))

    assert caught.value.code == "events_missing"


def test_lines_beside_another_kind_are_not_signed():
    stray = json.dumps({**DRAFT, "lines": LINES}).encode()

    with pytest.raises(MalformedInput) as caught:
        sign_draft(read_draft(stray), key("nils"))

    assert caught.value.code == "wrong_parts"


def test_a_co_signer_brings_the_file(room, capsys):
    keygen(room, capsys)
    draft = read_draft(json.dumps(draft_of_file()).encode())
    half = sign_draft(draft, key("nils"))
    (room / "half.json").write_text(
        json.dumps(
            {
                "payloadType": half.payload_type,
                "payload": format_base64(half.payload),
                "signatures": [
                    {
                        "keyid": half.signatures[0].keyid,
                        "sig": format_base64(half.signatures[0].sig),
                    }
                ],
            }
        )
    )
    (room / "events.ndjson").write_text(LINES)
    (room / "forged.ndjson").write_text(SECOND + FIRST)

    assert sign_with(room, "key.pem", "half.json") == 1
    assert "events missing" in capsys.readouterr().err
    more = ("--events", room / "forged.ndjson")
    assert sign_with(room, "key.pem", "half.json", *more) == 1
    assert "body.digest: body mismatch" in capsys.readouterr().err
    more = ("--events", room / "events.ndjson")
    assert sign_with(room, "key.pem", "half.json", *more) == 0
    assert len(parse_envelope(capsys.readouterr().out.encode()).signatures) == 2


def test_what_is_told_was_read_first(room, capsys):
    """A body of another form could carry control characters to the terminal."""
    keygen(room, capsys)
    bad = draft_of_file(body={"count": 2, "digest": "\u001b[2J"})
    (room / "bad.json").write_text(json.dumps(bad))

    assert sign_with(room, "key.pem", "bad.json") == 1

    assert "\u001b" not in capsys.readouterr().err
    assert isinstance(read_draft(json.dumps(bad).encode()), Draft)
    payload = base64.b64decode(bad["payload"])
    wrapped = Envelope(bad["payload_type"], payload, ())
    assert statement_id(wrapped) == bad["statement_id"]
