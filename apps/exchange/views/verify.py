"""The page that checks evidence in the visitor's browser: one file, also without network."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from apps.anchoring import queries as anchoring
from apps.edge.csp import only_inline
from apps.edge.onefile import join_modules, join_styles, source_of
from apps.edge.words import KINDS
from apps.ledger import queries as ledger

_STYLES: Final = ("tokens", "base", "forms", "parts", "tables", "frame", "verify")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the page is made of, the same for everybody."""

    script: SafeString
    style: SafeString
    icon: str
    script_source: str
    style_source: str


@dataclass(frozen=True, slots=True)
class VerifyPage:
    """The page, and whom it believes until its reader says otherwise.

    Args:
        policy: base64 of the published policy, "" before the first checkpoint.
        genesis_id: "" before the ledger has its first leaf.
    """

    parts: Parts
    policy: str
    genesis_id: str
    kinds: dict[str, object]
    is_saving: bool


@require_safe
@gzip_page
def verify(request: HttpRequest) -> HttpResponse:
    """The page in the reader's language, or that of `?language=`; all in one file."""
    parts = page_parts()
    page = VerifyPage(
        parts=parts,
        policy=base64.b64encode(anchoring.read_policy() or b"").decode("ascii"),
        genesis_id=_genesis_id(),
        kinds=dict(KINDS),
        is_saving="save" in request.GET,
    )
    wrap = only_inline(script=parts.script_source, style=parts.style_source)
    return wrap(_answer)(request, page)


def _answer(request: HttpRequest, page: VerifyPage) -> HttpResponse:
    asked = request.GET.get("language", "")
    known = dict(settings.LANGUAGES)
    language = asked if asked in known else translation.get_language() or "en"
    with translation.override(language):
        response = render(request, "exchange/verify.html", {"page": page})
    response["Content-Language"] = language
    if page.is_saving:
        name = f"pharmatrace-verify-{language}.html"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _genesis_id() -> str:
    first = next(ledger.list_leaves(start=0, stop=1), None)
    return (first.statement_id or "") if first else ""


@lru_cache(maxsize=1)
def page_parts() -> Parts:
    """Script and style of the page; they change with the code alone."""
    script = join_modules(_static("js/verify/page.js"))
    style = join_styles(_static(f"css/{name}.css") for name in _STYLES)
    icon = base64.b64encode(_static("img/favicon.svg").read_bytes()).decode("ascii")
    # Both are files of ours, and `onefile` refuses what could end them early.
    return Parts(
        script=mark_safe(script),  # noqa: S308
        style=mark_safe(style),  # noqa: S308
        icon=f"data:image/svg+xml;base64,{icon}",
        script_source=source_of(script),
        style_source=source_of(style),
    )


def _static(name: str) -> Path:
    found = finders.find(name)
    if not isinstance(found, str):
        raise FileNotFoundError(name)
    return Path(found)
