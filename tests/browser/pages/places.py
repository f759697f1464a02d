"""Which pages each role opens: every page of the table of routes, and more of some.

A page that the table lists and nobody opens here fails the test, so that no new page
goes unseen.
"""

from __future__ import annotations

from tests.access.routes import ROUTES
from tests.access.table import OK, Route
from tests.access.walk import fill
from tests.browser.pages.demo import ROLES, Demo

# Which actors of the table a role stands for; `owner` is the maker of most objects.
_LETTERS = {"regulator": "R", "operator": "O", "stranger": "0"}
# These answer with a part of a page, a file or a picture.
NO_PAGES = frozenset(
    {
        "health",
        "log/anchors/<str:name>",
        "log/checkpoint",
        "log/policy",
        "log/tile/<path:name>",
        "ledger/entries/<int:index>/proof",
        "bundles/<uuid:bundle_id>",
        "recalls/what-if",
        "shipments/<str:ref>/outcome",
        "uploads/<uuid:upload_id>/progress",
        "uploads/<uuid:upload_id>/errors.csv",
        "pools/<uuid:pool_id>/progress",
        "aggregations/<uuid:aggregation_id>/progress",
        "aggregations/<uuid:aggregation_id>/errors.csv",
        "label-runs/<uuid:run_id>/progress",
        "label-runs/<uuid:run_id>/file",
        "labels/<str:gtin>/<path:serial>/datamatrix.svg",
        "labels/<str:gtin>/<path:serial>/qr.svg",
        "scan/answer.json",
        "scan/proof.json",
        "scan/proof.txt",
        "scan/proof.svg",
    }
)
_SAME_FOR_ALL = ("accounts/", "ledger/entries/", "verify")
# Questions worth a look, by role; what stands in the path alone comes from the table.
QUESTIONS: dict[str, tuple[str, ...]] = {
    "maker": (
        "/pack/lot?gtin={gtin}&lot=A127&site={site}",
        "/pack/lot?gtin={gtin}&lot=A127&site={site}&size=12&cases=2&first={free}",
        "/pack/into?first={pallet}",
        "/pack/into?first={free}",
        "/stock?q=A12",
        "/stock?q=nothing-like-this",
        "/search?q=A1",
        "/search?q=nothing-like-this",
        "/query?gtin={gtin}&lot={lot}",
        "/recalls/new?gtin={gtin}&lot=A124",
        "/labels/{gtin}/{lot}?first=49&count=48",
        "/uploads/{refused}",
        "/aggregations/{bad_packing}",
        "/label-runs/new?pool={pool}",
        "/containers/{case}",
        "/containers/{pallet}",
        "/batches/09521568600330/D81%2F1",
        "/lot-bundle?gtin={gtin}&lot={lot}",
        "/scan/proof?code={code}",
        "/shipments?page=2",
        "/ledger?q={entry}",
        "/ledger?q=nothing",
        "/alerts?state=closed",
        "/nowhere",
    ),
    "hub": (
        "/scan?code={code}",
        "/scan?code={foreign_code}",
        "/receive/{shipment}",
        "/shipments/{to_shop}",
        "/batches/{gtin}/{lot}",
        "/containers/{case}",
        "/recalls/{recall}",
        "/returns?code={code}",
        "/ship?q=A12",
    ),
    "shop": (
        "/scan?code={code}",
        "/scan?code={recalled_code}",
        "/scan?code={foreign_code}",
        "/scan?code=%5Dd201nonsense",
        "/scan/proof?code={code}",
        "/scan/sign/dispense?code={code}",
        "/scan/sign/stolen?code={code}",
        "/receive/{to_shop}",
        "/shipments/{to_shop}",
        "/batches/{gtin}/{lot}",
        "/recalls/{recall}",
        "/recalls/{recall}/answer?lot={lot}",
        "/nowhere",
    ),
    "regulator": (
        "/scan?code={recalled_code}",
        "/query?gtin={gtin}&lot={lot}",
        "/partners?q=stella",
        "/partners?role=pharmacy",
        "/search?q={lot}",
        "/shipments/{to_shop}",
        "/nowhere",
    ),
    "stranger": (
        "/?code={code}",
        "/?code=nonsense",
        "/01/{gtin}/10/{lot}/21/{serial}",
        "/01/{gtin}/10/{lot}",
        "/ledger/entries/0",
        "/nowhere",
    ),
}


def places(role: str, demo: Demo) -> list[str]:
    """All addresses that a role opens, each once."""
    found = [_path(route, demo) for route in ROUTES if _opens(role, route)]
    found += [text.format(**demo.ids) for text in QUESTIONS.get(role, ())]
    return list(dict.fromkeys(found))


def _opens(role: str, route: Route) -> bool:
    if not _is_page(route) or route.query:
        return False
    # Frame and words of these are one for all: two look at them.
    if route.pattern.startswith(_SAME_FOR_ALL) and role not in ("maker", "stranger"):
        return False
    letter = _LETTERS.get(role) or ("A" if route.owner == role else "F")
    if role in ("hub", "shop") and route.owner == "maker" and not route.ids:
        letter = "A"
    return route.rules["GET"][letter] == OK


def _path(route: Route, demo: Demo) -> str:
    values = {
        name: said.removeprefix("=") if said.startswith("=") else demo.ids[said]
        for name, said in route.ids.items()
    }
    return fill(route.pattern, values)


def never_opened() -> set[str]:
    """Patterns of pages that somebody may see and no role opens."""
    opened = {r.pattern for r in ROUTES for role in ROLES if _opens(role, r)}
    # What answers to a question alone is opened by one.
    asked = (text for texts in QUESTIONS.values() for text in texts)
    opened |= {text.partition("?")[0].strip("/") for text in asked}
    pages = {r.pattern for r in ROUTES if _is_page(r) and OK in r.rules["GET"].values()}
    return pages - opened


def _is_page(route: Route) -> bool:
    is_document = route.pattern.startswith(("api/", "log/"))
    return route.pattern not in NO_PAGES and not is_document
