"""Uploads, read; and what the register says about the lot that one is for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.catalog import queries as catalog
from apps.catalog.models import Product
from apps.core.errors import MalformedInput
from apps.custody import queries as custody
from apps.custody.queries.commissionings import (
    find_commissionings,
    find_scopes_ahead,
)
from apps.intake.models import Upload, UploadError, UploadState
from apps.ledger.formats import Draft
from apps.partners import queries as partners
from apps.partners.queries import Actor


@dataclass(frozen=True, slots=True)
class UploadWish:
    """What the form says: the lot that the file's serials belong to.

    Args:
        seed: the maker's own for the serial tree, 32 bytes, or b"".
        is_check_only: the file is to be checked, and nothing kept of it.
        is_into_recalled: the maker knows that the lot is recalled, and has made packs
            of it: they are to be registered and are born recalled.
    """

    gtin: str
    lot: str
    expiry_date: date
    site: str
    seed: bytes = field(default=b"", repr=False)
    is_check_only: bool = False
    is_into_recalled: bool = False


def visible_to(actor: Actor) -> QuerySet[Upload]:
    """The uploads of the actor's organisation; nobody else's business."""
    if actor.partner is None:
        return Upload.objects.none()
    return Upload.objects.filter(partner=actor.partner)


def find_upload(*, upload_id: UUID, actor: Actor) -> Upload | None:
    """The actor's upload with this id, or None."""
    return visible_to(actor).filter(id=upload_id).first()


def list_owned_products(*, actor: Actor) -> list[Product]:
    """The products that the actor's organisation may commission, by name."""
    products = catalog.visible_to(actor).filter(brand_owner__gln=actor.gln)
    return list(products.order_by("name", "gtin"))


def rows_per_second(upload: Upload, *, at: datetime) -> int | None:
    """Speed of the check, so far or in the end; None before it has begun."""
    if upload.started_at is None:
        return None
    seconds = ((upload.finished_at or at) - upload.started_at).total_seconds()
    return round(upload.rows_done / max(seconds, 0.001))


def list_errors(*, upload: Upload, limit: int) -> list[UploadError]:
    """The first `limit` errors, by line."""
    return list(upload.errors.order_by("line_no", "id")[:limit])


def verify_wish(*, wish: UploadWish, gln: str, at: datetime) -> Product:
    """Check that the partner `gln` may commission this lot now, so far as is known.

    A foreign product and a missing one answer the same.

    Raises:
        MalformedInput: `unknown_product`, `expiry_in_past`, `other_expiry`,
            `unknown_site`, `lot_recalled`.
    """
    product = catalog.find_product(wish.gtin)
    if product is None or product.brand_owner.gln != gln:
        raise MalformedInput(
            "unknown_product",
            field="gtin",
            got=wish.gtin,
            wanted="a registered product of yours",
        )
    if wish.expiry_date <= at.date():
        raise MalformedInput(
            "expiry_in_past",
            field="expiry_date",
            got=wish.expiry_date.isoformat(),
            wanted=f"a day after {at.date().isoformat()}",
        )
    _verify_batch(wish)
    _verify_site(wish.site, gln)
    if not wish.is_into_recalled:
        _verify_not_recalled(product, wish)
    return product


def draft_statement(*, upload: Upload, actor: Actor, at: datetime) -> Draft:
    """The commissioning statement to sign.

    Raises:
        MalformedInput: `not_staged`: nothing waits for a signature; `lot_recalled`:
            since the file was sent.
    """
    if upload.state != UploadState.STAGED or upload.staging_id is None:
        raise MalformedInput(
            "not_staged", field="state", got=upload.state, wanted="staged"
        )
    wish = wish_of(upload)
    if not wish.is_into_recalled:
        _verify_not_recalled(catalog.get_product(upload.gtin), wish)
    return custody.draft_commissioning(
        staging_id=upload.staging_id, site=upload.site, actor=actor, at=at
    )


def wish_of(upload: Upload) -> UploadWish:
    """What the form said that the upload came with; its seed apart."""
    return UploadWish(
        upload.gtin,
        upload.lot,
        upload.expiry_date,
        upload.site,
        is_check_only=upload.is_check_only,
        is_into_recalled=upload.is_into_recalled,
    )


def is_recalled_since(upload: Upload) -> bool:
    """Whether the staged lot was recalled after its file was checked.

    Nothing is given to sign then, unless its maker says that the packs exist.
    """
    if upload.state != UploadState.STAGED or upload.is_into_recalled:
        return False
    try:
        _verify_not_recalled(catalog.get_product(upload.gtin), wish_of(upload))
    except MalformedInput:
        return True
    return False


def staged_seed(upload: Upload) -> bytes:
    """The seed of the staged serials: with it their maker computes the root again."""
    return custody.seed_of(staging_id=upload.staging_id) if upload.staging_id else b""


def list_commissioned(uploads: Iterable[Upload]) -> dict[UUID, str]:
    """Statement id by upload, of those staged uploads that were signed since."""
    roots = {
        bytes(upload.root): upload.id
        for upload in uploads
        if upload.state == UploadState.STAGED and upload.root
    }
    found = find_commissionings(roots=list(roots)) if roots else {}
    return {roots[root]: statement_id for root, statement_id in found.items()}


def is_stale(upload: Upload) -> bool:
    """True if the lot has grown since the file was staged: its base is no longer right."""
    size = catalog.size_of(gtin=upload.gtin, lot=upload.lot)
    return upload.state == UploadState.STAGED and upload.base != size


def _verify_batch(wish: UploadWish) -> None:
    batch = catalog.find_batch(gtin=wish.gtin, lot=wish.lot)
    if batch is not None and batch.expiry_date != wish.expiry_date:
        raise MalformedInput(
            "other_expiry",
            field="expiry_date",
            got=wish.expiry_date.isoformat(),
            wanted=f"{batch.expiry_date.isoformat()}, as this lot was commissioned",
        )


def _verify_site(site_gln: str, gln: str) -> None:
    site = partners.find_site(site_gln)
    if site is None or site.partner.gln != gln:
        raise MalformedInput(
            "unknown_site",
            field="site",
            got=site_gln,
            wanted="the GLN of a site of yours",
        )


def _verify_not_recalled(product: Product, wish: UploadWish) -> None:
    """No open recall is over the whole lot; one that names serials is met by line."""
    scopes = find_scopes_ahead(
        product_id=product.pk, lot=wish.lot, expiry_date=wish.expiry_date
    )
    if any(not scope.names_serials for scope in scopes):
        raise MalformedInput(
            "lot_recalled",
            field="lot",
            got=wish.lot,
            wanted="a lot that no open recall covers; if packs of this one exist, say"
            " so with into_recalled_lot and they are registered as recalled",
        )
