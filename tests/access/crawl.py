"""Everything that one actor can be sent: pages, tables, files, by following links.

What came is read the way a curious person would: tags and blanks taken out, signed
bytes decoded, the text of a PDF drawn out.
"""

from __future__ import annotations

import base64
import html
import io
import re
import zipfile
from binascii import Error
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator

import pypdfium2

from tests.access.actors import Reply

MOST_PAGES = 600
_LINK = re.compile(
    r"""(?:href|src|action|hx-get|data-[a-z-]*url|data-sign-next)=["']([^"'#]+)"""
)
_PATH = re.compile(r'"(?:http://testserver)?(/[^"\s<>{}]*)"')
_ID = re.compile(r"\b[0-9a-f]{64}\b")
_TAG = re.compile(r"<[^>]*>")
_BLANK = re.compile(r"\s+")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={0,2}")
# Files of the site itself, and the way out.
_NEVER = (
    *("/static/", "/accounts/logout", "/api/v1/schema", "/api/v1/docs", "/log/"),
    # Entries of the public log are numbers and hashes; the table's one is looked at.
    *("/ledger/entries/", "/ledger?q="),
)
_BY_ID = (
    "/ledger/statements/{}",
    "/api/v1/statements/{}",
    "/api/v1/statements/{}/proof",
    "/api/v1/statements/{}/events",
    "/shipments/{}",
    "/api/v1/shipments/{}",
    "/recalls/{}",
)


def crawl(
    ask: Callable[[str], Reply], seeds: Iterable[str], ids: Container[str]
) -> Iterator[tuple[str, Reply]]:
    """Every address that can be reached from `seeds`, with what it answered.

    Args:
        ask: takes a path, gives the reader's answer.
        ids: statements that exist: whoever reads one of these ids tries it everywhere.
    """
    waiting = deque(dict.fromkeys(seeds))
    known = set(waiting)
    asked = 0
    while waiting and asked < MOST_PAGES:
        path = waiting.popleft()
        reply = ask(path)
        asked += 1
        yield path, reply
        for link in _links(path, reply, ids):
            if link not in known:
                known.add(link)
                waiting.append(link)
    assert not waiting, f"more than {MOST_PAGES} pages: raise the limit"


def _links(path: str, reply: Reply, ids: Container[str]) -> Iterator[str]:
    if reply.status in {301, 302}:
        yield _local(path, reply.headers["Location"])
        return
    if not reply.headers.get("Content-Type", "").startswith(("text/", "application/")):
        return
    text = reply.body.decode(errors="replace")
    found = [*_LINK.findall(text), *_PATH.findall(text)]
    for link in found:
        local = _local(path, html.unescape(link))
        if local and not local.startswith(_NEVER):
            yield local
    for name in set(_ID.findall(text)):
        if name in ids:
            yield from (form.format(name) for form in _BY_ID)


def _local(path: str, link: str) -> str:
    link = link.removeprefix("http://testserver")
    if link.startswith("?"):
        return path.partition("?")[0] + link
    return link if link.startswith("/") and not link.startswith("//") else ""


def readings(reply: Reply) -> list[str]:
    """The answer in every form in which a word could stand in it, lower case."""
    if reply.body.startswith(b"%PDF"):
        return [_pdf_text(reply.body).lower()]
    if reply.body.startswith(b"PK"):
        parts = _members(reply.body)
        return [text for part in parts for text in _texts(part, reply)]
    return _texts(reply.body, reply)


def _texts(body: bytes, reply: Reply) -> list[str]:
    raw = body.decode(errors="replace")
    plain = html.unescape(_TAG.sub("", raw))
    signed = " ".join(_decoded(text) for text in _BASE64.findall(raw))
    return [
        html.unescape(raw).lower(),
        _BLANK.sub("", plain).lower(),
        signed.lower(),
        " ".join(_decoded(text) for text in _BASE64.findall(signed)).lower(),
        str(dict(reply.headers.items())).lower(),
    ]


def _members(data: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return [file.read(name) for name in file.namelist()]


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4)).decode(errors="replace")
    except (Error, ValueError):
        return ""


def _pdf_text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        pages = [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()
    return " ".join(pages)
