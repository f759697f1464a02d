"""Foreign and missing answer the same, and nothing misspelt gets further than 404.

Chain A asks for its own object, for that of chain B, and for one that never was. The
two refusals are compared byte by byte, after what was asked for and what differs from
answer to answer (request id, form token, the age of the last checkpoint) is taken out.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from apps.core.gs1 import compute_check_digit
from tests.access.actors import Actor, Crowd
from tests.access.bare import bare
from tests.access.cast import A
from tests.access.routes import ROUTES
from tests.access.table import Route
from tests.access.walk import fill
from tests.access.world import World

# An object of the right shape that never was.
MISSING = {
    "recall_id": "f" * 64,
    "statement_id": "f" * 64,
    "keyid": "f" * 64,
    "ref": "f" * 64,
    "upload_id": "00000000-0000-4000-8000-000000000000",
    "bundle_id": "00000000-0000-4000-8000-000000000000",
    "token_id": "999999999",
    "user_id": "999999999",
    "alert_id": "999999999",
    "index": "999999999",
    "code": "095211000000099996",
    "gln": "9521100999990",
    "gtin": "09521100999995",
    "serial": "q0mkSnz0000",
    "lot": "q0mklotz",
}
_BODY = "09521200000009999"
_NO_CASE = f"{_BODY}{compute_check_digit(_BODY)}"
# What stands openly on the box, in the log or, for the offices, in the register.
OPEN = {
    "log/recalls/<str:statement_id>",
    "products/<str:gtin>",
    "partners/<str:gln>",
    "partners/<str:gln>/keys",
    "partners/<str:gln>/licence",
    "ledger/entries/<int:index>",
    "ledger/entries/<int:index>/proof",
}
MALFORMED = (
    "%00",
    "a%00b",
    "a" * 4096,
    "9" * 4096,
    "9" * 19,
    quote("１２３４５６７８９０１２３４"),
    quote("٠٩٥٢١١٠٠١٠٠٠١٤"),
    "%ED%A0%80",
    "%FF%FE",
    "%F0%9F%92%8A",
    "..%2f..%2fetc%2fpasswd",
    "%0d%0aSet-Cookie:%20a=b",
    quote("'\"><script>alert(1)</script>"),
    "-1",
    "%20",
    "None",
)


@dataclass(frozen=True)
class Asked:
    """One address that names an object, and a method that it answers."""

    route: Route
    method: str

    def __str__(self) -> str:
        return f"{self.method} {self.route.pattern}"


def _asked() -> list[Asked]:
    return [
        Asked(route, method)
        for route in ROUTES
        if set(route.ids) & set(MISSING) and not route.query
        for method in ("GET", "POST", "DELETE")
        if set(route.rules[method].values()) & {"ok", "moved", "bad"}
    ]


ASKED = _asked()
CLOSED = [asked for asked in ASKED if asked.route.pattern not in OPEN]


@pytest.fixture(scope="module")
def crowd(world: World) -> Crowd:
    return Crowd(world)


@pytest.mark.parametrize(
    ("asked", "actor"),
    [
        (asked, actor)
        for asked in CLOSED
        for actor in (Actor.ADMIN, Actor.TOKEN)
        if actor == Actor.ADMIN or asked.route.pattern.startswith("api/")
    ],
    ids=str,
)
def test_foreign_and_missing_are_one_answer(
    asked: Asked, actor: Actor, world: World, crowd: Crowd
) -> None:
    route, ids = asked.route, world.ids["B"]
    foreign = {name: ids.get(said, said) for name, said in route.ids.items()}
    missing = {name: MISSING[name] for name in route.ids}

    first, second = (
        crowd.ask(actor, asked.method, fill(route.pattern, values), owner=route.owner)
        for values in (foreign, missing)
    )

    assert first.status == second.status
    assert first.status == 404
    assert bare(first, foreign) == bare(second, missing)


@pytest.mark.parametrize("asked", ASKED, ids=str)
@pytest.mark.parametrize(
    "actor", [Actor.ADMIN, Actor.REGULATOR, Actor.TOKEN], ids=lambda a: a.name
)
def test_a_misspelt_name_is_refused_and_harms_nothing(
    asked: Asked, actor: Actor, world: World, crowd: Crowd
) -> None:
    route = asked.route
    own = {name: world.ids["A"].get(said, "1") for name, said in route.ids.items()}

    heard = {
        (name, text[:40]): crowd.ask(
            actor,
            asked.method,
            fill(route.pattern, own | {name: text}),
            owner=route.owner,
        ).status
        for name in route.ids
        for text in MALFORMED
    }

    refused = {302, 400, 401, 403, 404}
    assert {key: got for key, got in heard.items() if got not in refused} == {}


QUESTIONS = (
    ("maker", "/api/v1/trace?gtin={gtin}&lot={lot}"),
    ("maker", "/api/v1/recall-query?gtin={gtin}&lot={lot}"),
    ("maker", "/api/v1/batches/bundle?gtin={gtin}&lot={lot}"),
    ("maker", "/lot-bundle?gtin={gtin}&lot={lot}"),
    ("maker", "/query?gtin={gtin}&lot={lot}"),
    ("maker", "/recalls/what-if?gtin={gtin}&scope.lots={lot}"),
    ("maker", "/pack/lot?gtin={gtin}&lot={lot}"),
    ("maker", "/pack/lot/draft?gtin={gtin}&lot={lot}"),
    ("maker", "/pack/into?first={case}"),
    ("hub", "/pack/into?first={case}"),
    ("maker", "/stock?q={lot}"),
    ("maker", "/stock?q={serial}"),
    ("maker", "/ship?q={lot}"),
    ("maker", "/pack?q={case}"),
    ("hub", "/stock?q={case}"),
    ("shop", "/recalls/{own_recall}/answer?lot={lot}"),
    ("maker", "/search?q={lot}"),
    ("maker", "/search?q={serial}"),
    ("maker", "/search?q={case}"),
    ("maker", "/search?q={statement}"),
    ("maker", "/search?q={recall}"),
    ("maker", "/ledger?q={statement}"),
    ("hub", "/returns?code={case}"),
    ("maker", "/uploads?upload={upload}"),
)


@pytest.mark.parametrize(("owner", "question"), QUESTIONS)
def test_a_question_about_a_foreign_object_finds_what_was_never_there(
    owner: str, question: str, world: World, crowd: Crowd
) -> None:
    missing = {
        "gtin": world.ids["B"]["gtin"],  # products are open, their lots are not
        "lot": MISSING["lot"],
        "serial": MISSING["serial"].lower(),
        "case": _NO_CASE,
        "statement": "f" * 64,
        "recall": "f" * 64,
        "upload": MISSING["upload_id"],
    }
    own = {"own_recall": world.ids["A"]["recall"]}

    first, second = (
        crowd.ask(Actor.ADMIN, "GET", question.format(**(ids | own)), owner=owner)
        for ids in (world.ids["B"], missing)
    )

    assert first.status == second.status
    assert bare(first, world.ids["B"]) == bare(second, missing)


def _event(step: str, owner: str, **more: Any) -> dict[str, Any]:
    site = getattr(A, owner).sites[0].gln
    return {"kind": "event", "step": step, "site": site} | more


_TO_SHOP = {"gln": A.shop.gln, "site": A.shop.sites[0].gln}
# A pack's code is another matter: whoever scans one is told that it is held elsewhere.
WISHES = (
    ("hub", _event("ship", "hub", items=["(00){case}"], to=_TO_SHOP)),
    (
        "hub",
        _event("ship", "hub", items=[{"gtin": "{gtin}", "lot": "{lot}"}], to=_TO_SHOP),
    ),
    ("hub", _event("receive", "hub", shipment="{open_shipment}", items=[])),
    ("hub", _event("receive", "hub", shipment="{own_sale}", items=["(00){case}"])),
    ("maker", _event("void", "maker", shipment="{open_shipment}", items=[])),
    ("hub", _event("unpack", "hub", container="(00){case}", items=[])),
    ("hub", _event("destroy", "hub", items=["(00){case}"])),
    ("hub", _event("hold", "hub", items=["(00){case}"])),
    ("shop", _event("undo", "shop", parents=["{dispense}"])),
    ("maker", _event("correct", "maker", parents=["{statement}"])),
    (
        "shop",
        {
            "kind": "recall.answer",
            "recall": "{recall}",
            "lot": "{lot}",
            "counts": {"quarantined": 1},
        },
    ),
    ("maker", {"kind": "recall.amend", "recall": "{recall}", "scope": {"lots": ["A"]}}),
    ("maker", {"kind": "recall.close", "recall": "{recall}", "reason": "done"}),
    ("maker", {"kind": "key.revoke", "keyid": "{keyid}"}),
)


@pytest.mark.parametrize(
    ("owner", "wish"),
    WISHES,
    ids=[f"{w['kind']} {w.get('step', '')}" for _, w in WISHES],
)
def test_a_wish_about_a_foreign_object_is_refused_as_one_about_nothing(
    owner: str, wish: dict[str, Any], world: World, crowd: Crowd
) -> None:
    missing = dict(world.ids["B"]) | {
        "lot": MISSING["lot"],
        "serial": MISSING["serial"].lower(),
        "case": _NO_CASE,
        "statement": "f" * 64,
        "open_shipment": "f" * 64,
        "dispense": "f" * 64,
        "recall": "f" * 64,
        "keyid": "f" * 64,
    }
    own = {"own_sale": world.ids["A"]["sale"]}

    first, second = (
        crowd.ask(
            Actor.ADMIN,
            "POST",
            "/api/v1/drafts",
            owner=owner,
            data=_filled(wish, dict(ids) | own),
        )
        for ids in (world.ids["B"], missing)
    )

    assert bare(first, world.ids["B"]) == bare(second, missing)
    assert 400 <= first.status < 500


def _filled(wish: dict[str, Any], ids: dict[str, str]) -> bytes:
    text = json.dumps(wish)
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return text.encode()
