"""pharmatrace-sign: make a key, and sign what the site drafted.

The draft is read before it is signed: its bytes must be a statement, its id must be
the one that the bytes have, and a file of events must be the one that they name. What
is shown comes from the bytes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ..bodies import EventsFile, read_body
from ..canonical import JsonValue, parse_json
from ..encoding import format_time_ms
from ..envelope import (
    MAX_ENVELOPE_BYTES,
    STATEMENT_TYPE,
    Envelope,
    Signature,
    build_envelope,
    envelope_json,
    pae,
    read_envelope,
    statement_id,
)
from ..errors import MalformedInput
from ..events import read_file
from ..fields import Fields
from ..keys import ECDSA_P256, ED25519, PrivateKey, public_key_of
from ..signing import sign
from ..statement import MAX_STATEMENT_BYTES, Statement, parse_statement
from ..strict import format_base64
from .console import ending, read_input, read_secret, tell
from .keyfile import make_key, parse_key, write_key
from .post import post_statement
from .serialfile import verify_drafted_serials

_MAX_LINES_BYTES: Final = 96 << 20


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be signed.

    Args:
        signatures: those of others, where an envelope is co-signed.
        words: the site's sentence about it, "" where an envelope came.
        lines: the file of events, None for other kinds.
    """

    payload: bytes
    signatures: tuple[Signature, ...]
    words: str
    lines: bytes | None


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    return ending(_main, arguments)


def read_draft(data: bytes) -> Draft:
    """Read a draft of `POST /api/v1/drafts`, or an envelope that wants co-signing.

    Raises:
        MalformedInput: another form; `wrong_statement_id`.
    """
    most = MAX_ENVELOPE_BYTES + _MAX_LINES_BYTES
    value = parse_json(data, max_bytes=most, field="draft")
    if isinstance(value, dict) and "payloadType" in value:
        envelope = read_envelope(Fields(value, where="envelope"))
        _verify_type(envelope.payload_type)
        return Draft(envelope.payload, envelope.signatures, "", None)
    fields = Fields(value, where="draft")
    _verify_type(fields.string("payload_type"))
    payload = fields.based("payload", most_bytes=MAX_STATEMENT_BYTES)
    claimed = fields.hexed("statement_id").hex()
    found = statement_id(Envelope(STATEMENT_TYPE, payload, ()))
    if claimed != found:
        raise MalformedInput(
            "wrong_statement_id", field="draft.statement_id", got=claimed, wanted=found
        )
    lines = fields.string("lines").encode() if fields.has("lines") else None
    return Draft(payload, (), fields.string("words"), lines)


def sign_draft(draft: Draft, key: PrivateKey) -> Envelope:
    """The draft as an envelope, with a signature of `key`.

    Raises:
        MalformedInput: the payload is no statement, the lines beside it are not the
            file that it names, or this key has signed already.
    """
    _verify_lines(parse_statement(draft.payload), draft.lines)
    signature = Signature(
        public_key_of(key).keyid, sign(key, pae(STATEMENT_TYPE, draft.payload))
    )
    return build_envelope(
        payload_type=STATEMENT_TYPE,
        payload=draft.payload,
        signatures=[*draft.signatures, signature],
    )


def describe(statement: Statement) -> list[str]:
    """The statement in lines, from its own bytes."""
    moved = [each.moved.n for each in statement.subjects if each.moved]
    lines = [
        f"kind     {statement.kind}",
        f"ledger   {statement.ledger}",
        f"by       {statement.by}",
        f"meaning  {statement.meaning}",
        f"at       {format_time_ms(statement.at_ms)}",
        f"expires  {format_time_ms(statement.expires_ms)}",
        f"subjects {len(statement.subjects)}",
    ]
    if moved:
        lines.append(f"units    {sum(moved)}")
    if statement.kind == "events":
        body = read_body(statement)
        if isinstance(body, EventsFile):
            lines.append(f"events   {body.count}, SHA-256 {body.digest.hex()}")
    return lines


def _verify_lines(statement: Statement, lines: bytes | None) -> None:
    """Nobody signs events that were not there to be read, nor others than those."""
    if statement.kind != "events":
        if lines is not None:
            raise MalformedInput(
                "wrong_parts",
                field="draft.lines",
                got=f"kind {statement.kind}",
                wanted="lines with kind events only",
            )
        return
    if lines is None:
        raise MalformedInput(
            "events_missing",
            field="draft.lines",
            wanted="the file of events (--events)",
        )
    read_file(statement, lines)


def _main(arguments: Sequence[str]) -> None:
    options = _parser().parse_args(arguments)
    if options.command == "keygen":
        _keygen(options)
    else:
        _sign(options)


def _keygen(options: argparse.Namespace) -> None:
    secret = read_secret(options.passphrase_file, prompt="Passphrase for the key: ")
    key = make_key(options.alg)
    write_key(options.out, key, passphrase=secret)
    public = public_key_of(key)
    _show(
        {
            "keyid": public.keyid,
            "alg": public.alg,
            "spki_b64": format_base64(public.spki),
        }
    )


def _sign(options: argparse.Namespace) -> None:
    data = read_input(options.draft)
    draft = read_draft(data)
    if options.events is not None:
        draft = replace(draft, lines=read_input(options.events))
    for line in [draft.words, *describe(parse_statement(draft.payload))]:
        tell(line)
    if options.serials is not None:
        tell(verify_drafted_serials(draft=data, listed=read_input(options.serials)))
    secret = read_secret(options.passphrase_file, prompt="Passphrase of the key: ")
    envelope = sign_draft(draft, parse_key(read_input(options.key), passphrase=secret))
    if options.post is None:
        _show(envelope_json(envelope))
        return
    token = read_secret(options.token_file, prompt="API token: ").decode()
    print(
        post_statement(options.post, envelope=envelope, lines=draft.lines, token=token)
    )


def _verify_type(payload_type: str) -> None:
    if payload_type != STATEMENT_TYPE:
        raise MalformedInput(
            "wrong_payload_type", got=payload_type, wanted=STATEMENT_TYPE
        )


def _show(document: dict[str, JsonValue]) -> None:
    print(json.dumps(document, separators=(",", ":"), ensure_ascii=False))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pharmatrace-sign", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    keygen = commands.add_parser("keygen", help="make a private key")
    keygen.add_argument("--out", required=True, help="new PEM file")
    keygen.add_argument("--alg", default=ED25519, choices=[ED25519, ECDSA_P256])
    signing = commands.add_parser("sign", help="sign a draft or co-sign an envelope")
    signing.add_argument("draft", nargs="?", default="-", help="file, - for stdin")
    signing.add_argument("--key", required=True, help="PEM file")
    signing.add_argument("--serials", help="CSV that the drafted lot must be made of")
    signing.add_argument("--post", help="address of the site: send what was signed")
    signing.add_argument("--events", help="NDJSON that an envelope to co-sign names")
    signing.add_argument("--token-file", help="first line is the API token")
    for command in (keygen, signing):
        command.add_argument("--passphrase-file", help="first line is the passphrase")
    return parser


if __name__ == "__main__":  # `python -m …` must never end well by doing nothing
    sys.exit(run())
