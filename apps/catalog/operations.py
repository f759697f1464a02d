"""The only writers of catalog; custody asks for batches through here."""

from datetime import date

from django.db import connection
from django.db.models import F

from apps.catalog.models import Batch, Product
from apps.catalog.queries import verify_registration
from apps.core.bodies import ProductRegister, read_body
from apps.core.errors import MalformedInput
from apps.core.leaf import product_tag
from apps.edge.secrets import tag_key
from apps.ledger.operations import Accepted, Submission, append_statement
from apps.partners import operations as partners
from apps.partners import queries as register
from apps.partners.formats import Said


def register_product(submission: Submission) -> Accepted:
    """Accept product.register by the manufacturer whose prefix the GTIN carries.

    Raises:
        MalformedInput: `wrong_subjects`, or a body that cannot be read.
        UntrustedSignature: `not_brand_owner`, `not_licensed`, or as
            `partners.operations.authenticate`.
        LedgerConflict: `product_known`: a product is registered once.
    Source: DESIGN section 4, "maker licensed for the GTIN prefix".
    """
    statement = submission.statement
    body = read_body(statement)
    if not isinstance(body, ProductRegister):
        raise MalformedInput("wrong_kind", field="kind", got=statement.kind)
    tag = product_tag(tag_key(), gtin=body.gtin)
    partners.require_tags(statement, tag)
    partners.authenticate(submission=submission)
    partners.lock_partners(glns=[statement.by])
    said = Said.by(submission)
    verify_registration(by=statement.by, body=body, at_ms=said.accepted_ms)
    Product.objects.create(
        gtin=body.gtin,
        name=body.name,
        strength=body.strength,
        form=body.form,
        pack_size=body.pack_size,
        brand_owner=register.get_partner(statement.by),
        tag=tag,
        registered_by=said.statement_id,
    )
    return append_statement(submission=submission, accepted_ms=said.accepted_ms)


def lock_product(*, gtin: str) -> None:
    """Hold a product until the transaction ends, against all who grow its batches."""
    if connection.vendor == "postgresql":
        list(Product.objects.select_for_update().filter(gtin=gtin).values_list("pk"))


def lock_batch(batch_id: int) -> int:
    """Hold a batch against all who move its goods until the transaction ends; its size."""
    rows = Batch.objects.filter(pk=batch_id)
    if connection.vendor == "postgresql":
        rows = rows.select_for_update()
    return rows.values_list("size", flat=True).get()


def grow_batch(
    *,
    product: Product,
    lot: str,
    expiry_date: date,
    tag: bytes,
    size: int,
    statement_id: str,
    accepted_ms: int,
) -> Batch:
    """Add `size` commissioned units to a batch; the first ones make it.

    The caller holds the product locked and has judged lot and expiry date.
    """
    batch, is_new = Batch.objects.get_or_create(
        product=product,
        lot=lot,
        defaults={
            "expiry_date": expiry_date,
            "tag": tag,
            "size": size,
            "commissioned_by": statement_id,
            "commissioned_ms": accepted_ms,
        },
    )
    if not is_new:
        Batch.objects.filter(pk=batch.pk).update(size=F("size") + size)
        batch.refresh_from_db(fields=["size"])
    return batch
