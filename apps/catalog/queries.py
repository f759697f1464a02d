"""Products and batches, read."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.catalog.models import Batch, Product
from apps.core.bodies import ProductRegister
from apps.core.errors import LedgerConflict, MalformedInput, UntrustedSignature
from apps.core.fields import Fields
from apps.core.leaf import product_tag
from apps.core.subjects import Subject
from apps.edge.secrets import tag_key
from apps.ledger.formats import Draft, as_ms, new_statement
from apps.partners import queries as partners
from apps.partners.models import LicenceRole
from apps.partners.queries import Actor


def visible_to(actor: Actor) -> QuerySet[Product]:
    """Products `actor` may read: what a pack says on its box is open to members."""
    return Product.objects.all() if actor.is_member else Product.objects.none()


def batches_visible_to(actor: Actor) -> QuerySet[Batch]:
    """Batches that `actor` sees as maker or regulator; holders see theirs by custody."""
    if actor.is_regulator:
        return Batch.objects.all()
    return Batch.objects.filter(product__brand_owner__gln=actor.gln)


def search_products(*, actor: Actor, text: str) -> QuerySet[Product]:
    """Visible products whose name or GTIN contains `text`; all of them for ""."""
    products = visible_to(actor).select_related("brand_owner").order_by("name", "gtin")
    wanted = text.strip()
    if not wanted or "\0" in wanted:
        return products
    return products.filter(Q(name__icontains=wanted) | Q(gtin__contains=wanted))


def find_product(gtin: str) -> Product | None:
    """The registered product with this GTIN-14 and its brand owner, or None."""
    return Product.objects.select_related("brand_owner").filter(gtin=gtin).first()


def get_product(gtin: str) -> Product:
    """The registered product with this GTIN-14.

    Raises:
        MalformedInput: `unknown_product`.
    """
    product = find_product(gtin)
    if product is None:
        raise MalformedInput(
            "unknown_product", field="gtin", got=gtin, wanted="a registered product"
        )
    return product


def find_batch(*, gtin: str, lot: str) -> Batch | None:
    """The batch with this GTIN-14 and lot, with its product, or None."""
    return (
        Batch.objects.select_related("product", "product__brand_owner")
        .filter(product__gtin=gtin, lot=lot)
        .first()
    )


def find_batches(lots: Collection[tuple[str, str]]) -> list[Batch]:
    """The batches with these pairs of GTIN-14 and lot, with their products."""
    rows = Batch.objects.filter(
        product__gtin__in={gtin for gtin, _ in lots}, lot__in={lot for _, lot in lots}
    )
    found = rows.select_related("product").order_by("pk")
    return [batch for batch in found if (batch.product.gtin, batch.lot) in lots]


def list_batches(*, actor: Actor, product: Product) -> list[Batch]:
    """A product's batches that `actor` sees, the newest first."""
    return list(
        batches_visible_to(actor).filter(product=product).order_by("-commissioned_ms")
    )


def count_units(*, product_id: int) -> int:
    """How many units of a product are commissioned, in all its batches."""
    found = Batch.objects.filter(product_id=product_id).aggregate(n=Sum("size"))["n"]
    return found or 0


def count_batches(*, actor: Actor) -> dict[int, int]:
    """How many batches `actor` sees of each product, by the product's key."""
    rows = batches_visible_to(actor).values("product_id").annotate(n=Count("id"))
    return {row["product_id"]: row["n"] for row in rows}


def prefixes_of(*, actor: Actor) -> list[str]:
    """The GS1 prefixes of the actor's current licences as manufacturer."""
    return sorted(
        {
            prefix
            for licence in partners.law_party(actor.gln).licences
            if licence.role == LicenceRole.MANUFACTURER
            for prefix in licence.gs1_prefixes
        }
    )


def verify_registration(*, by: str, body: ProductRegister, at_ms: int) -> None:
    """`by` may register the product, and nobody has.

    Raises:
        UntrustedSignature: `not_brand_owner`, `not_licensed`.
        LedgerConflict: `product_known`.
    """
    if body.brand_owner != by:
        raise UntrustedSignature(
            "not_brand_owner", field="body.brand_owner", got=body.brand_owner, wanted=by
        )
    if not partners.law_party(by).may_make(gtin=body.gtin, at_ms=at_ms):
        raise UntrustedSignature(
            "not_licensed",
            field="body.gtin",
            got=body.gtin,
            wanted="a GTIN under a GS1 prefix of a licence as manufacturer in force",
        )
    if find_product(body.gtin) is not None:
        raise LedgerConflict(
            "product_known", field="body.gtin", got=body.gtin, wanted="a new product"
        )


def draft_product(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """A product.register: gtin, name, pack_size[, strength, form, market_codes].

    Raises:
        MalformedInput: a field that its value cannot hold, or an unknown one.
        UntrustedSignature, LedgerConflict: as `verify_registration`; nobody shall
            read and sign a sentence that is then refused.
    """
    said = partners.composed(wish) | {"brand_owner": actor.gln}
    said.pop("kind", None)
    fields = Fields(said, where="")
    body = ProductRegister.read(fields)
    fields.close()
    verify_registration(by=actor.gln, body=body, at_ms=as_ms(at))
    payload = new_statement(
        kind="product.register",
        by=actor.gln,
        signer=actor.user.signer if actor.user else "",
        meaning=gettext_noop("registers a product"),
        subjects=[Subject(product_tag(tag_key(), gtin=body.gtin))],
        parents=[],
        body=body.to_json(),
        at=at,
        ledger=partners.get_genesis().origin,
    )
    words = _("%(who)s registers %(name)s %(strength)s, %(pack)s, GTIN %(gtin)s.") % {
        "who": actor.partner.name if actor.partner else "",
        "name": body.name,
        "strength": body.strength,
        "pack": body.pack_size,
        "gtin": body.gtin,
    }
    return Draft(payload=payload, words=words)


def size_of(*, gtin: str, lot: str) -> int:
    """Units commissioned so far in a batch; 0 for a lot that nobody knows yet."""
    batch = find_batch(gtin=gtin, lot=lot)
    return 0 if batch is None else batch.size


def gtin_of(product_id: int) -> str:
    """The GTIN-14 of a product by its row."""
    gtin: str = Product.objects.values_list("gtin", flat=True).get(pk=product_id)
    return gtin


def get_batch(batch_id: int) -> Batch:
    """The batch in this row, with its product."""
    return Batch.objects.select_related("product").get(pk=batch_id)


def find_batch_by_tag(tag: bytes) -> Batch | None:
    """The batch whose tag leaves bear; None if it is no batch's."""
    return Batch.objects.filter(tag=tag).first()


def list_all_batches() -> list[Batch]:
    """Every batch with its product, by row."""
    return list(Batch.objects.select_related("product").order_by("pk"))


def iter_sizes(*, after: int = 0) -> Iterator[tuple[int, int]]:
    """Row and size of every batch behind the row `after`, ascending."""
    rows = Batch.objects.filter(pk__gt=after).order_by("pk")
    return rows.values_list("pk", "size").iterator()


def list_batches_of(*, product_id: int, lots: Iterable[str] = ()) -> list[Batch]:
    """A product's batches by row; only those with one of `lots`, if any are named."""
    rows = Batch.objects.filter(product_id=product_id).order_by("pk")
    rows = rows.select_related("product")
    wanted = sorted(lots)
    return list(rows.filter(lot__in=wanted) if wanted else rows)
