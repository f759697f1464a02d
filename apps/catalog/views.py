"""Pages about products."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from apps.catalog import queries
from apps.catalog.models import Batch, Product
from apps.edge.lagging import may_lag
from apps.edge.page_parts import Pager, SignPanel, pager
from apps.partners import operations as partners
from apps.partners.authentication import actor_of, member_required, signer_required
from apps.partners.queries import Mark, marks_of

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class ProductRow:
    """A product and how many batches the reader sees of it."""

    product: Product
    batches: int


@dataclass(frozen=True, slots=True)
class ProductListPage:
    """The list of products."""

    rows: list[ProductRow]
    text: str
    pager: Pager
    can_register: bool


@dataclass(frozen=True, slots=True)
class ProductPage:
    """One product and its batches."""

    product: Product
    batches: list[Batch]
    is_own: bool
    mark: Mark | None


@dataclass(frozen=True, slots=True)
class RegisterPage:
    """The form that registers a product."""

    wish: dict[str, str]
    prefixes: list[str]
    sign: SignPanel


@require_safe
@member_required
@may_lag
def product_list(request: HttpRequest) -> HttpResponse:
    """Products, by name or GTIN."""
    actor = actor_of(request)
    text = request.GET.get("q", "")
    found = Paginator(queries.search_products(actor=actor, text=text), PAGE_SIZE)
    shown = found.get_page(request.GET.get("page"))
    counts = queries.count_batches(actor=actor)
    at = timezone.now()
    partners.note_read(actor=actor, action="products.list", subject=text, at=at)
    page = ProductListPage(
        rows=[ProductRow(each, counts.get(each.pk, 0)) for each in shown],
        text=text,
        pager=pager(shown, q=text),
        can_register=actor.can_sign and bool(queries.prefixes_of(actor=actor)),
    )
    return render(request, "catalog/product_list.html", {"page": page})


@require_safe
@member_required
@may_lag
def product_detail(request: HttpRequest, gtin: str) -> HttpResponse:
    """One product."""
    actor = actor_of(request)
    product = queries.search_products(actor=actor, text="").filter(gtin=gtin).first()
    if product is None:
        raise Http404
    at = timezone.now()
    partners.note_read(actor=actor, action="products.read", subject=gtin, at=at)
    page = ProductPage(
        product=product,
        batches=queries.list_batches(actor=actor, product=product),
        is_own=product.brand_owner.gln == actor.gln,
        mark=marks_of([product.registered_by]).get(product.registered_by),
    )
    return render(request, "catalog/product_detail.html", {"page": page})


@require_safe
@signer_required
def product_register(request: HttpRequest) -> HttpResponse:
    """The form whose signature registers a product."""
    page = RegisterPage(
        wish={"kind": "product.register"},
        prefixes=queries.prefixes_of(actor=actor_of(request)),
        sign=SignPanel(
            label=_("Sign and register the product"),
            meaning=_("registers a product under our GS1 prefix"),
        ),
    )
    return render(request, "catalog/product_register.html", {"page": page})
