"""pharmatrace-upload: send a file of serials, watch its check, fetch what to sign.

The file goes in chunks. Where the connection falls it goes on by itself, and where this
was ended the same command goes on from the last chunk: the file's SHA-256 says that it
is the same, and nothing is there twice. Nothing is visible to others
before the draft that this prints is signed: `pharmatrace-sign sign draft.json
--serials FILE --post SITE`. Exit code 0: all lines hold; 1: refused, with the lines;
2: a file cannot be read, or nobody answers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ..errors import MalformedInput, Unavailable, UntrustedSignature, shown
from .console import UNREADABLE, ending, read_secret, tell
from .progress import Progress
from .site import Site

_UPLOADS: Final = "/api/v1/uploads"
_FIELDS: Final = ("gtin", "lot", "expiry_date")
_TICKS: Final = ("check_only", "into_recalled_lot")
_CHUNK_BYTES: Final = 1 << 20
_CLOSED: Final = 1 << 62  # beyond every file
_LONGEST_PAUSE_SECONDS: Final = 15.0
_POLL_SECONDS: Final = 0.5
_SHOWN_ERRORS: Final = 20
_MEMBERS: Final = frozenset(
    {
        *("id", "state", "file_digest", "received_bytes"),
        *("rows_done", "rows_total", "error_count"),
        *("is_born_recalled", "statement_id"),
    }
)
_UNCHECKED: Final = frozenset({"queued", "checking"})


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    try:
        return ending(_main, arguments)
    except KeyboardInterrupt:
        tell("stopped; the same command goes on from where it was")
        return UNREADABLE


def _main(arguments: Sequence[str]) -> None:
    options = _parser().parse_args(arguments)
    token = read_secret(options.token_file, prompt="API token: ").decode()
    site = Site(options.site, token)
    sent = _send(site, options)
    upload = _watch(site, sent, patience=options.patience)
    place = f"{_UPLOADS}/{upload['id']}"
    if upload["state"] == "refused":
        _refuse(site, place, upload, errors=options.errors)
    if upload["state"] in {"cancelled", "receiving"}:
        raise MalformedInput("upload_cancelled", got=place, wanted="an open upload")
    tell(f"checked  {upload['rows_done']:,} serials of lot {options.lot}")
    if upload["is_born_recalled"]:
        tell("RECALLED an open recall covers this lot: its packs are born recalled")
    if upload["state"] == "checked":
        tell("kept     nothing: this was a check only")
    elif upload["state"] == "commissioned":
        tell(f"signed   already, by statement {upload['statement_id']}")
    else:
        draft = site.ask("GET", f"{place}/statement")
        sys.stdout.buffer.write(draft + b"\n")
        sys.stdout.buffer.flush()


def _send(site: Site, options: argparse.Namespace) -> dict[str, Any]:
    file = Path(options.file)
    digest = _digest_of(file)
    tell(f"file     {file.name}, SHA-256 {digest}")
    fields = {name: str(getattr(options, name)) for name in _FIELDS}
    fields |= {
        "site": options.site_gln,
        "file_name": file.name,
        "size_bytes": str(file.stat().st_size),
        "file_digest": digest,
    }
    fields |= {name: "1" for name in _TICKS if getattr(options, name)}
    mark = secrets.token_hex(16)
    answer = _patiently(
        lambda: site.ask(
            "POST",
            _UPLOADS,
            body=_form(fields, mark),
            headers={"Content-Type": f"multipart/form-data; boundary={mark}"},
        ),
        patience=options.patience,
    )
    upload = _read(answer)
    if upload["file_digest"] != digest:
        raise UntrustedSignature(
            "file_differs", got=str(upload["file_digest"]), wanted=digest
        )
    tell(f"upload   {upload['id']}")
    if upload["state"] == "receiving":
        _send_rest(site, upload, file, patience=options.patience)
        upload["state"] = "queued"
    return upload


def _send_rest(
    site: Site, upload: Mapping[str, Any], file: Path, *, patience: float
) -> None:
    """Send what the site does not have yet; it knows best where the file goes on."""
    place, total = f"{_UPLOADS}/{upload['id']}", file.stat().st_size
    at = int(upload["received_bytes"])
    progress = Progress("sent", "bytes", since=at)
    if at:
        tell(f"goes on  from byte {at:,} of {total:,}")
    with file.open("rb") as source:
        while True:
            source.seek(at)
            chunk = source.read(_CHUNK_BYTES)
            moved = _append(site, place, chunk, at, patience=patience)
            at = at + len(chunk) if moved is None else moved
            progress.show(at, total)
            if at >= total and moved in {None, _CLOSED}:
                break
    progress.end()


def _append(
    site: Site, place: str, chunk: bytes, at: int, *, patience: float
) -> int | None:
    """Send a chunk; None if it was taken, else from where the file goes on.

    A chunk whose answer was lost is sent again: the site says then that it has it.
    """
    headers = {"Content-Type": "application/partial-upload", "Upload-Offset": str(at)}
    try:
        _patiently(
            lambda: site.ask("PATCH", place, body=chunk, headers=headers),
            patience=patience,
        )
    except UntrustedSignature as refusal:
        offset = refusal.extra.get("offset")
        if refusal.extra.get("code") == "upload_closed":
            return _CLOSED  # whole, or cancelled: its state says which
        if isinstance(offset, int) and offset != at:
            return offset
        raise
    return None


def _patiently(ask: Callable[[], bytes], *, patience: float) -> bytes:
    """Ask until there is an answer, less and less often, for `patience` seconds."""
    begun, pause = time.monotonic(), _POLL_SECONDS
    while True:
        try:
            return ask()
        except Unavailable:
            if time.monotonic() - begun + pause > patience:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _form(fields: Mapping[str, str], mark: str) -> bytes:
    parts = "".join(
        f"--{mark}\r\nContent-Disposition: form-data; name={json.dumps(name)}"
        f"\r\n\r\n{value}\r\n"
        for name, value in fields.items()
    )
    return f"{parts}--{mark}--\r\n".encode()


def _digest_of(file: Path) -> str:
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    return digest.hexdigest()


def _watch(site: Site, upload: dict[str, Any], *, patience: float) -> dict[str, Any]:
    """Wait for the check; a site that does not answer is asked again for a while."""
    place, progress = f"{_UPLOADS}/{upload['id']}", Progress("checked", "rows")
    heard = time.monotonic()
    while True:
        try:
            upload = _read(site.ask("GET", place))
            heard = time.monotonic()
        except Unavailable:
            if time.monotonic() - heard > patience:
                raise
        if upload["state"] not in _UNCHECKED:
            progress.end()
            return upload
        progress.show(upload["rows_done"], upload["rows_total"])
        time.sleep(_POLL_SECONDS)


def _refuse(
    site: Site, place: str, upload: Mapping[str, Any], *, errors: str | None
) -> None:
    for error in upload.get("errors_by_line", [])[:_SHOWN_ERRORS]:
        where = f"line {error['line']}" if error["line"] else "the file"
        column = f" {shown(error['column'])}:" if error["column"] else ""
        tell(
            f"{where}:{column} {shown(error['message'])}"
            f" (got {shown(error['got']) or 'nothing'}, wanted {shown(error['wanted'])})"
        )
    if errors is not None:
        Path(errors).write_bytes(site.ask("GET", f"{place}/errors"))
        tell(f"errors   all that are kept are in {errors}")
    raise MalformedInput(
        "upload_refused",
        field="file",
        got=f"{upload['error_count']} lines with errors",
        wanted="none; nothing was kept",
    )


def _read(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError as error:
        raise Unavailable(
            "no_answer", got="an answer that is no JSON", wanted="the site's API"
        ) from error
    if not isinstance(found, dict) or _MEMBERS - found.keys():
        raise Unavailable("no_answer", got="another answer", wanted="an upload")
    return found


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pharmatrace-upload", description=__doc__)
    parser.add_argument("file", help="CSV, XLSX or EPCIS; CSV and EPCIS packed too")
    parser.add_argument("--site", required=True, help="address: https://trace.example")
    parser.add_argument("--gtin", required=True, help="of the product")
    parser.add_argument("--lot", required=True)
    parser.add_argument("--expiry-date", required=True, help="YYYY-MM-DD")
    parser.add_argument(
        "--site-gln", required=True, help="where the packs were packed, 13 digits"
    )
    parser.add_argument("--token-file", help="first line is the API token")
    parser.add_argument("--errors", help="file to write the errors to, as CSV")
    parser.add_argument(
        "--check-only", action="store_true", help="check, say so, and keep nothing"
    )
    parser.add_argument(
        "--into-recalled-lot",
        action="store_true",
        help="an open recall covers the lot, and these packs exist: register them",
    )
    parser.add_argument(
        "--patience",
        type=float,
        default=120,
        help="seconds without an answer, after which it ends; it asks again until then",
    )
    return parser


if __name__ == "__main__":  # `python -m …` must never end well by doing nothing
    sys.exit(run())
