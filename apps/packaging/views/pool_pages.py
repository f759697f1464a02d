"""What the pages of serial pools show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.catalog.models import Product
from apps.core.errors import TraceError
from apps.edge.numbers import grouped
from apps.edge.page_parts import Bar, FormError, Pager, Progress
from apps.packaging.formats.words import sentence
from apps.packaging.operations.commissioning import free_printed
from apps.packaging.operations.generating import job_of
from apps.partners import queries as partners
from apps.partners.models import Site
from apps.partners.queries import Actor
from apps.pools.models import MoveKind, Pool, PoolMove, PoolState
from apps.pools.queries import ALPHABET, DEFAULT_LENGTH, list_moves, odds_of

_MOVES: Final = 50
_RAISED: Final = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
_SHAPES: Final = {
    PoolState.GENERATING: "past",
    PoolState.OPEN: "go",
    PoolState.FAILED: "stop",
    PoolState.CLOSED: "past",
}


@dataclass(frozen=True, slots=True)
class PoolForm:
    """The form that reserves a pool, with what was typed already."""

    values: dict[str, str]
    products: Sequence[Product]
    alphabet: str = ALPHABET
    length: int = DEFAULT_LENGTH
    error: FormError | None = None


@dataclass(frozen=True, slots=True)
class PoolRow:
    """One pool in the list."""

    pool: Pool
    state_shape: str
    state_words: str


@dataclass(frozen=True, slots=True)
class PoolListPage:
    """All pools of the organisation, and the form for another."""

    rows: list[PoolRow]
    pager: Pager
    form: PoolForm | None


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One line of a pool's history."""

    move: PoolMove
    words: str


@dataclass(frozen=True, slots=True)
class PoolPage:
    """One pool: counts, what can be done, what was done."""

    pool: Pool
    state_shape: str
    state_words: str
    odds: str
    bar: Bar
    progress: Progress | None
    moves: list[MoveRow]
    sites: Sequence[Site]
    free_printed: int
    can_move: bool
    error: FormError | None
    error_in: str
    values: dict[str, str]


def make_row(pool: Pool) -> PoolRow:
    """The pool as a row of the list."""
    state = PoolState(pool.state)
    return PoolRow(pool, _SHAPES[state], _state_words(state))


def make_page(
    *,
    pool: Pool,
    actor: Actor,
    at: datetime,
    error: TraceError | None = None,
    error_in: str = "",
    values: dict[str, str] | None = None,
) -> PoolPage:
    """Everything that the page of one pool shows."""
    state = PoolState(pool.state)
    return PoolPage(
        pool=pool,
        state_shape=_SHAPES[state],
        state_words=_state_words(state),
        odds=odds_words(pool.length, pool.known_units),
        bar=_bar(pool),
        progress=make_progress(pool) if state == PoolState.GENERATING else None,
        moves=[MoveRow(each, _move_words(each)) for each in _moves(pool)],
        sites=partners.list_sites(gln=actor.gln),
        free_printed=len(free_printed(pool=pool)),
        can_move=actor.can_sign and state == PoolState.OPEN,
        error=FormError.of(error, sentence) if error else None,
        error_in=error_in,
        values=values or {},
    )


def make_progress(pool: Pool) -> Progress:
    """How far the making of the serials is."""
    job = job_of(pool)
    return Progress(
        url=reverse("pool_progress", kwargs={"pool_id": pool.pk}),
        label=_("Serials are being made"),
        done=job.done_count if job else 0,
        total=pool.size,
        is_finished=pool.state != PoolState.GENERATING,
    )


def odds_words(length: int, known_units: int) -> str:
    """How unlikely a right guess is: 1 in 4.3 × 10¹⁷, as text."""
    odds = odds_of(length=length, known_units=known_units)
    power = len(str(odds)) - 1
    if power < 6:
        return grouped(odds)
    first = str(odds)[:2]
    return f"{first[0]}.{first[1]} × 10{str(power).translate(_RAISED)}"


def pool_url(pool_id: UUID) -> str:
    """The page of a pool."""
    return reverse("pool", kwargs={"pool_id": pool_id})


def _moves(pool: Pool) -> list[PoolMove]:
    return list_moves(pool=pool, limit=_MOVES)


def _bar(pool: Pool) -> Bar:
    return Bar.of(
        _("Serials by state"),
        [
            (_("reserved"), pool.reserved_count, 5),
            (_("printed"), pool.printed_count, 2),
            (_("commissioned"), pool.commissioned_count, 1),
            (_("destroyed"), pool.destroyed_count, 6),
        ],
    )


def _state_words(state: PoolState) -> str:
    return {
        PoolState.GENERATING: _("Serials are being made"),
        PoolState.OPEN: _("Open"),
        PoolState.FAILED: _("Could not be made"),
        PoolState.CLOSED: _("Closed"),
    }[state]


def _move_words(move: PoolMove) -> str:
    return {
        MoveKind.RESERVED: _("reserved"),
        MoveKind.NAMED: _("lot named"),
        MoveKind.PRINTED: _("printed"),
        MoveKind.DESTROYED: _("destroyed"),
        MoveKind.COMMISSIONED: _("commissioned"),
    }[MoveKind(move.kind)]
