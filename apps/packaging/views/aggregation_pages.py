"""What the pages of files of packing show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.catalog.models import Product
from apps.edge.numbers import grouped
from apps.edge.page_parts import ErrorLine, FormError, Pager, Progress, SignPanel
from apps.packaging.formats.words import sentence
from apps.packaging.models import (
    OPEN_STATES,
    UNCHECKED_STATES,
    Aggregation,
    AggregationState,
)
from apps.packaging.queries import aggregations as queries
from apps.partners.models import Site
from apps.partners.queries import Actor

_SHOWN_ERRORS: Final = 100
_SHAPES: Final = {
    AggregationState.QUEUED: "past",
    AggregationState.CHECKING: "past",
    AggregationState.REFUSED: "stop",
    AggregationState.STAGED: "think",
    AggregationState.SIGNED: "go",
    AggregationState.CANCELLED: "past",
}


@dataclass(frozen=True, slots=True)
class AggregationForm:
    """The form that sends a file of packing, with what was typed already."""

    values: dict[str, str]
    products: Sequence[Product]
    sites: Sequence[Site]
    error: FormError | None = None


@dataclass(frozen=True, slots=True)
class AggregationRow:
    """One file in the list."""

    row: Aggregation
    state_shape: str
    state_words: str


@dataclass(frozen=True, slots=True)
class AggregationListPage:
    """All files of packing of the organisation, and the form for another."""

    rows: list[AggregationRow]
    pager: Pager
    form: AggregationForm | None


@dataclass(frozen=True, slots=True)
class AggregationPage:
    """One file of packing, from the check to the signature."""

    row: Aggregation
    product: Product | None
    state_shape: str
    state_words: str
    signed_words: str
    progress: Progress | None
    errors: list[ErrorLine]
    more_errors: int
    sign: SignPanel | None
    draft_url: str
    can_cancel: bool


def make_row(row: Aggregation) -> AggregationRow:
    """The file as a row of the list."""
    state = AggregationState(row.state)
    return AggregationRow(row, _SHAPES[state], _state_words(state))


def make_page(
    *, row: Aggregation, product: Product | None, actor: Actor
) -> AggregationPage:
    """Everything that the page of one file shows."""
    state = AggregationState(row.state)
    errors = queries.list_errors(aggregation=row, limit=_SHOWN_ERRORS)
    is_staged = state == AggregationState.STAGED
    return AggregationPage(
        row=row,
        product=product,
        state_shape=_SHAPES[state],
        state_words=_state_words(state),
        signed_words=_("Packed"),
        progress=make_progress(row) if state in UNCHECKED_STATES else None,
        errors=[ErrorLine.of(each, sentence) for each in errors],
        more_errors=row.error_count - len(errors),
        sign=_sign_panel(row) if is_staged and actor.can_sign else None,
        draft_url=reverse("api_aggregation_statement", args=[row.pk]),
        can_cancel=actor.can_sign and state in OPEN_STATES,
    )


def make_progress(row: Aggregation) -> Progress:
    """How far the check is."""
    state = AggregationState(row.state)
    return Progress(
        url=reverse("aggregation_progress", args=[row.pk]),
        label=_state_words(state),
        done=row.rows_done,
        total=row.rows_total,
        is_finished=state not in UNCHECKED_STATES,
    )


def _sign_panel(row: Aggregation) -> SignPanel:
    label = ngettext("Sign and pack %(n)s pack", "Sign and pack %(n)s packs", row.packs)
    return SignPanel(
        label=label % {"n": grouped(row.packs)},
        meaning=_("events recorded by the holder"),
    )


def _state_words(state: AggregationState) -> str:
    return {
        AggregationState.QUEUED: _("Waiting for the check"),
        AggregationState.CHECKING: _("Being checked"),
        AggregationState.REFUSED: _("Refused"),
        AggregationState.STAGED: _("Ready to sign"),
        AggregationState.SIGNED: _("Packed"),
        AggregationState.CANCELLED: _("Cancelled"),
    }[state]
