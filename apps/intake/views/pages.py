"""What the pages of the bulk door show, made from an upload."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.catalog.models import Product
from apps.edge.page_parts import ErrorLine, FormError, Pager, Progress, SignPanel
from apps.intake import queries
from apps.intake.formats.words import sentence
from apps.intake.models import OPEN_STATES, Upload, UploadState
from apps.intake.views.progress import make_progress, state_words
from apps.partners import queries as partners
from apps.partners.models import Site
from apps.partners.queries import Actor

_SHOWN_ERRORS = 100
_OF_RECALLS: Final = ("lot_recalled", "serial_recalled")
_STATE_SHAPES: Final = {
    UploadState.RECEIVING: "past",
    UploadState.QUEUED: "past",
    UploadState.CHECKING: "past",
    UploadState.REFUSED: "stop",
    UploadState.CHECKED: "go",
    UploadState.STAGED: "think",
    UploadState.COMMISSIONED: "go",
    UploadState.CANCELLED: "past",
}


@dataclass(frozen=True, slots=True)
class UploadForm:
    """The form that sends a file, with what was typed already."""

    values: dict[str, str]
    products: Sequence[Product]
    sites: Sequence[Site]
    error: FormError | None = None


@dataclass(frozen=True, slots=True)
class UploadRow:
    """One upload in the list."""

    upload: Upload
    state_shape: str
    state_words: str


@dataclass(frozen=True, slots=True)
class UploadListPage:
    """All uploads of the organisation, and the form for another."""

    rows: list[UploadRow]
    pager: Pager
    form: UploadForm | None


@dataclass(frozen=True, slots=True)
class UploadPage:
    """One upload, from the check to the signature."""

    upload: Upload
    product: Product | None
    state_shape: str
    state_words: str
    signed_words: str
    site_name: str
    progress: Progress
    errors: list[ErrorLine]
    more_errors: int
    sign: SignPanel | None
    draft_url: str
    batch_url: str
    again_url: str
    is_about_recall: bool
    is_recalled_since: bool
    can_cancel: bool


def make_row(upload: Upload) -> UploadRow:
    """The upload as a row of the list."""
    return UploadRow(
        upload, _STATE_SHAPES[UploadState(upload.state)], state_words(upload)
    )


def make_page(
    *, upload: Upload, product: Product | None, actor: Actor, at: datetime
) -> UploadPage:
    """Everything that the page of one upload shows."""
    state = UploadState(upload.state)
    errors = queries.list_errors(upload=upload, limit=_SHOWN_ERRORS)
    is_recalled_since = queries.is_recalled_since(upload)
    can_be_signed = state == UploadState.STAGED and not is_recalled_since
    site = partners.find_site(upload.site)
    return UploadPage(
        upload=upload,
        product=product,
        state_shape=_STATE_SHAPES[state],
        state_words=state_words(upload),
        signed_words=_("Commissioned"),
        site_name=site.name if site else "",
        progress=make_progress(upload=upload, at=at),
        errors=[ErrorLine.of(error, sentence) for error in errors],
        more_errors=upload.error_count - len(errors),
        sign=_sign_panel(upload) if can_be_signed and actor.can_sign else None,
        draft_url=reverse("api_upload_statement", kwargs={"upload_id": upload.id}),
        again_url=_again_url(upload),
        is_about_recall=is_recalled_since
        or any(error.code in _OF_RECALLS for error in errors),
        is_recalled_since=is_recalled_since,
        batch_url=f"/batches/{upload.gtin}/{quote(upload.lot, safe='')}",
        can_cancel=actor.can_sign and state in OPEN_STATES,
    )


def _again_url(upload: Upload) -> str:
    """The form for another file of the same lot."""
    fields = {
        "gtin": upload.gtin,
        "lot": upload.lot,
        "expiry_date": upload.expiry_date.isoformat(),
        "site": upload.site,
    }
    return f"{reverse('upload_new')}?{urlencode(fields)}"


def _sign_panel(upload: Upload) -> SignPanel:
    label = ngettext(
        "Sign and commission %(n)s pack", "Sign and commission %(n)s packs",
        upload.rows_done,
    )  # fmt: skip
    return SignPanel(
        label=label % {"n": intcomma(upload.rows_done)},
        meaning=_("I commissioned these packs"),
    )
