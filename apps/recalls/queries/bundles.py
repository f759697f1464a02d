"""Bundles as rows: who may have which, what there is, how far the work is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from apps.anchoring.queries import newest_checkpoint
from apps.catalog.models import Batch
from apps.custody.queries.sight import find_sight
from apps.jobs import queries as jobs
from apps.jobs.models import JobState
from apps.ledger import queries as ledger
from apps.partners.queries import Actor
from apps.recalls.models import Bundle, Recall
from apps.recalls.queries.bundle_plan import Wanted
from apps.recalls.queries.recalls import find_visible, units_of

# A bundle that was finished since then is handed out again; later another is built.
FRESH_FOR: Final = timedelta(minutes=15)
# So long a refusal is repeated to who asks; then it is tried again.
REFUSED_FOR: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a bundle is of, and for whom.

    Args:
        batch, recall: one of them.
        reader: GLN of a party that sees its own links only; "" sees all.
    """

    batch: Batch | None
    recall: Recall | None
    reader: str

    @property
    def rows(self) -> QuerySet[Bundle]:
        """Every bundle of this scope that there is."""
        return Bundle.objects.filter(
            batch=self.batch, recall=self.recall, reader=self.reader
        )

    @property
    def subject(self) -> str:
        """What is read, for the audit."""
        if self.recall is not None:
            return self.recall.pk
        return f"{self.batch.product.gtin} {self.batch.lot}" if self.batch else ""

    @property
    def name(self) -> str:
        """The file's name, without characters that a folder would mind."""
        if self.recall is not None:
            return f"recall-{self.recall.pk[:12]}"
        return f"lot-{self.batch.tag.hex()[:12]}" if self.batch else "bundle"


@dataclass(frozen=True, slots=True)
class BundleView:
    """A bundle as pages and the API show it.

    Attributes:
        state: queued, running, done or failed.
        done, total: statements written, of all; 0 of 0 while that is unknown.
    """

    bundle: Bundle
    state: str
    done: int
    total: int

    @property
    def is_ready(self) -> bool:
        """Whether there is a file."""
        return self.state == JobState.DONE

    @property
    def is_failed(self) -> bool:
        """Whether nothing will come of it."""
        return self.state == JobState.FAILED

    @property
    def percent(self) -> int | None:
        """0 to 100, or None while the total is unknown."""
        return min(100, self.done * 100 // self.total) if self.total else None


def scope_of_recall(*, recall_id: str, actor: Actor) -> Scope | None:
    """The bundle of a recall that `actor` may have; None if it is foreign or missing."""
    recall = find_visible(recall_id=recall_id, actor=actor)
    return scope_of_seen(recall=recall, actor=actor) if recall else None


def scope_of_seen(*, recall: Recall, actor: Actor) -> Scope:
    """The bundle of a recall that `actor` is known to see."""
    return Scope(None, recall, _reader(actor))


def scope_of_lot(*, gtin: str, lot: str, actor: Actor) -> Scope | None:
    """The bundle of a lot that `actor` may have; None if it is foreign or missing."""
    sight = find_sight(actor=actor, gtin=gtin, lot=lot)
    if sight is None:
        return None
    return Scope(sight.batch, None, _reader(actor))


def _reader(actor: Actor) -> str:
    """For whom a bundle is: the regulator alone gets the whole (DESIGN section 3).

    Who opened a recall sees its holders on pages, but a whole bundle also has the
    licences of all of them, and other makers' packs on the same pallets.
    """
    return "" if actor.is_regulator else actor.gln


def scope_of_bundle(*, bundle: Bundle, actor: Actor) -> Scope | None:
    """The scope of a bundle, if it is one that `actor` may have; else None."""
    scope = None
    if bundle.recall_id is not None:
        scope = scope_of_recall(recall_id=bundle.recall_id, actor=actor)
    elif bundle.batch is not None:
        product, lot = bundle.batch.product, bundle.batch.lot
        scope = scope_of_lot(gtin=product.gtin, lot=lot, actor=actor)
    return scope if scope is not None and scope.reader == bundle.reader else None


def find_bundle(bundle_id: UUID) -> Bundle | None:
    """The bundle with this id, whoever may have it."""
    return Bundle.objects.filter(pk=bundle_id).first()


def file_name(scope: Scope, bundle: Bundle | None) -> str:
    """What the file of a bundle is called, where it is saved."""
    size = f"-at-{bundle.tree_size}" if bundle and bundle.tree_size else ""
    return f"{scope.name}{size}.zip"


def published_size() -> int:
    """How many leaves the published checkpoint covers."""
    head = newest_checkpoint()
    return head.size if head else 0


def find_open(scope: Scope) -> Bundle | None:
    """The bundle of this scope that is being built; None if none is."""
    return scope.rows.filter(finished_at=None).first()


def find_fresh(scope: Scope, *, at: datetime, least_size: int = 0) -> Bundle | None:
    """The newest bundle that is there and still fresh; None if there is none.

    Args:
        least_size: of the checkpoint that it must be under.
    """
    rows = scope.rows.filter(
        fault="", finished_at__gte=at - FRESH_FOR, tree_size__gte=least_size
    )
    found = rows.order_by("-finished_at").first()
    return found if found is not None and path_of(found).is_file() else None


def find_refused(scope: Scope, *, at: datetime) -> Bundle | None:
    """A bundle that could not be built, just now; None if there is none."""
    rows = scope.rows.exclude(fault="").filter(finished_at__gte=at - REFUSED_FOR)
    return rows.order_by("-finished_at").first()


def find_newest(scope: Scope) -> Bundle | None:
    """The last bundle that was asked for, whatever came of it."""
    return scope.rows.order_by("-requested_at").first()


def view_of(bundle: Bundle) -> BundleView:
    """How far a bundle is."""
    if bundle.finished_at is not None:
        state = JobState.FAILED if bundle.fault else JobState.DONE
        return BundleView(bundle, state, 0, 0)
    job = jobs.find_job(bundle.job_id)
    if job is None:
        return BundleView(bundle, JobState.FAILED, 0, 0)
    return BundleView(bundle, job.state, job.done_count, job.total_count)


def wanted_of(bundle: Bundle) -> Wanted:
    """What the bundle is to show, as of now: a recall means the lots it means today."""
    if bundle.recall is None:
        batches = [bundle.batch] if bundle.batch is not None else []
    else:
        batches = [each.batch for each in units_of(bundle.recall)]
    return Wanted(batches, bundle.recall_id or "", bundle.reader)


def path_of(bundle: Bundle) -> Path:
    """Where its file lies, once it is there."""
    return Path(settings.BUNDLE_DIR) / f"{bundle.pk.hex}.zip"


def folder_of(bundle: Bundle) -> Path:
    """Where its members lie while it is built."""
    return Path(settings.BUNDLE_DIR) / f"{bundle.pk.hex}.parts"


def genesis_id() -> str:
    """The id that a verifier starts from; "" while the ledger has no leaf."""
    first = next(ledger.list_leaves(start=0, stop=1), None)
    return (first.statement_id or "") if first else ""
