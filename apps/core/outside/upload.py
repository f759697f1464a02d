"""pharmatrace-upload: send a file of serials, watch its check, fetch what to sign.

The same file for the same lot is one upload while it is open, so a cut one is sent
again by the same command and nothing is there twice. Nothing is visible to others
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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import MalformedInput, Unavailable, UntrustedSignature, shown
from .console import UNREADABLE, ending, read_secret, tell
from .progress import Progress
from .site import Site

_UPLOADS: Final = "/api/v1/uploads"
_CHUNK_BYTES: Final = 1 << 16
_POLL_SECONDS: Final = 0.5
_SHOWN_ERRORS: Final = 20
_MEMBERS: Final = frozenset(
    {
        *("id", "state", "file_digest", "rows_done", "rows_total", "error_count"),
        *("is_born_recalled", "statement_id"),
    }
)
_UNCHECKED: Final = frozenset({"queued", "checking"})


@dataclass(frozen=True, slots=True)
class Form:
    """The form of an upload: its fields, and its file read in parts."""

    fields: Mapping[str, str]
    file: Path
    mark: str

    @property
    def content_type(self) -> str:
        """The header that names the mark between the parts."""
        return f"multipart/form-data; boundary={self.mark}"

    def count_bytes(self) -> int:
        """The length of the whole body."""
        return len(self._head()) + self.file.stat().st_size + len(self._tail())

    def parts(self, progress: Progress) -> Iterator[bytes]:
        """The body, never more of the file in memory than a chunk."""
        yield self._head()
        done, total = 0, self.file.stat().st_size
        for chunk in _chunks(self.file):
            yield chunk
            done += len(chunk)
            progress.show(done, total)
        progress.end()
        yield self._tail()

    def _head(self) -> bytes:
        said = "".join(
            f"--{self.mark}\r\nContent-Disposition: form-data; name={json.dumps(name)}"
            f"\r\n\r\n{value}\r\n"
            for name, value in self.fields.items()
        )
        name = json.dumps(self.file.name, ensure_ascii=False)
        return (
            f"{said}--{self.mark}\r\nContent-Disposition: form-data; "
            f'name="file"; filename={name}\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()

    def _tail(self) -> bytes:
        return f"\r\n--{self.mark}--\r\n".encode()


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    try:
        return ending(_main, arguments)
    except KeyboardInterrupt:
        tell("stopped; the upload goes on at the site, send the same file to watch it")
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
    if upload["state"] == "cancelled":
        raise MalformedInput("upload_cancelled", got=place, wanted="an open upload")
    tell(f"checked  {upload['rows_done']:,} serials of lot {options.lot}")
    if upload["is_born_recalled"]:
        tell("RECALLED an open recall covers this lot: its packs are born recalled")
    if upload["state"] == "commissioned":
        tell(f"signed   already, by statement {upload['statement_id']}")
    elif options.check_only:
        site.ask("DELETE", place)
        tell("kept     nothing: this was a check only")
    else:
        draft = site.ask("GET", f"{place}/statement")
        sys.stdout.buffer.write(draft + b"\n")
        sys.stdout.buffer.flush()


def _send(site: Site, options: argparse.Namespace) -> dict[str, Any]:
    file = Path(options.file)
    digest = hashlib.sha256()
    for chunk in _chunks(file):
        digest.update(chunk)
    tell(f"file     {file.name}, SHA-256 {digest.hexdigest()}")
    names = ("gtin", "lot", "expiry_date", "site_gln")
    fields = {name: str(getattr(options, name)) for name in names}
    fields["site"] = fields.pop("site_gln")
    form = Form(fields, file, secrets.token_hex(16))
    answer = site.ask(
        "POST",
        _UPLOADS,
        body=form.parts(Progress("sent", "bytes")),
        headers={
            "Content-Type": form.content_type,
            "Content-Length": str(form.count_bytes()),
        },
    )
    upload = _read(answer)
    if upload["file_digest"] != digest.hexdigest():
        raise UntrustedSignature(
            "file_differs", got=str(upload["file_digest"]), wanted=digest.hexdigest()
        )
    tell(f"upload   {upload['id']}")
    return upload


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
        "--patience", type=float, default=120, help="seconds without an answer"
    )
    return parser


if __name__ == "__main__":  # `python -m …` must never end well by doing nothing
    sys.exit(run())
