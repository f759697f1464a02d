"""Nobody is sent a word of others but those that the rule of visibility grants.

Each field of both chains holds a word that stands nowhere else. Everybody reads all
they can reach; whatever word of others they were sent must stand in their grant.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.ledger.models import Statement
from pharmatrace.demo.cast import OPERATOR, Player
from tests.access.actors import Reply
from tests.access.cast import A, B, Chain
from tests.access.clients import client_of, undone
from tests.access.crawl import crawl, readings
from tests.access.routes import ROUTES, address_of
from tests.access.table import NEVER
from tests.access.world import World

_POSTS = ("admin", "signer", "member", "clerk")
_PERSON = ("mail", "first", "last", "signer")
# Words by who wrote them: everything that a field of the site can hold.
FIELDS = {
    "maker": ("order", "reason", "todo", "file", "label", "token", "product"),
    "shop": ("note",),
    "mk": ("lot", "two", "up", "sn", "row"),
}


def words_of(chain: Chain) -> dict[str, str]:
    """The name of each word of a chain, by the word itself."""
    found: dict[str, str] = {}
    for slug in ("maker", "hub", "shop"):
        player: Player = getattr(chain, slug)
        plain = ("name", "site", "address", "phone")
        people = (post + part for post in _POSTS for part in _PERSON)
        for each in (*plain, *people, *FIELDS.get(slug, ())):
            found[chain.word(slug, each)] = f"{slug}.{each}"
        found[player.gln] = f"{slug}.gln"
        found[player.sites[0].gln] = f"{slug}.sitegln"
    for each in FIELDS["mk"]:
        found[chain.word("mk", each)] = f"goods.{each}"
    for number in (1, 2):
        found[chain.sscc(number).removeprefix("(00)")] = f"goods.case{number}"
    return found


def _all(slug: str, *parts: str) -> set[str]:
    return {f"{slug}.{part}" for part in parts}


_PARTY = ("name", "gln", "site", "sitegln")
# Whose signature stands under a statement that one is a party of.
_SIGNED = ("adminfirst", "adminlast", "adminsigner")
# Whom to reach at a holder, for who opened the recall.
_CONTACT = ("address", "phone", "adminmail", "adminfirst", "adminlast")
# The maker stands on the box and signs the recall, which is told to every holder.
_BOX = ("name", "gln", "product", "reason", "todo", *_SIGNED)
GRANTS = {
    "maker": _all("hub", *_PARTY, *_CONTACT) | _all("shop", *_PARTY, *_CONTACT, "note"),
    "hub": _all("maker", *_PARTY, *_BOX, "order")
    | _all("goods", "lot", "sn", "case1", "case2")
    | _all("shop", *_PARTY),
    "shop": _all("hub", *_PARTY, *_SIGNED)
    | _all("maker", *_BOX)
    | _all("goods", "lot", "sn", "case1"),
}
# Open to every member wherever they stand: what is printed on boxes, and whom one may
# send goods to.
_PRODUCT = {"maker.product", "maker.name", "maker.gln"}
# Whoever scans a pack is told what stands on it and why it is held, and no names.
_VERDICT = {"maker.product", "goods.lot", "goods.sn", "maker.reason"}
_ANYWHERE = {
    "/products": _PRODUCT,
    "/api/v1/products": _PRODUCT,
    "/01/": {"maker.product"},
    "/scan?code=": _VERDICT,
    "/api/v1/verify?code=": _VERDICT,
    "/scan/answer.json?code=": _VERDICT,
    # The maker's statement whole, to who sees the lot: it names the plant (ADR 20).
    "/scan/proof.json?code=": {"maker.sitegln"},
    "/api/v1/verify/proof?code=": {"maker.sitegln"},
    "/ship": {f"{slug}.{part}" for slug in ("maker", "hub", "shop") for part in _PARTY},
}


@pytest.fixture(scope="module")
def browsers(world: World) -> dict[str, Any]:
    """A session for each reader, made once: requests are undone, log-ins are not."""
    readers = {
        f"{chain.letter}.{slug}": world.user(getattr(chain, slug).admin)
        for chain in (A, B)
        for slug in ("maker", "hub", "shop")
    }
    readers["operator"] = world.user(OPERATOR.admin)
    readers["stranger"] = None
    return {name: client_of(user) for name, user in readers.items()}


def _asking(client: Any) -> Callable[[str], Reply]:
    def ask(path: str) -> Reply:
        accept = "*/*" if path.startswith("/api/") else "text/html"
        with undone():
            return Reply.of(client.get(path, headers={"Accept": accept}))

    return ask


def _seeds(world: World, chain: Chain) -> list[str]:
    """Every address of the table about either chain, and questions about one's own."""
    tables = [
        address_of(route, world, letter)
        for route in ROUTES
        for letter in ("A", "B")
        if set(route.rules["GET"].values()) - {NEVER}
        and not {"lot", "serial", "code"} & set(route.ids)
        and not route.query
        and not route.pattern.startswith(("accounts/", "log/"))
    ]
    ids = world.ids[chain.letter]
    own = (
        "/batches/{gtin}/{lot}",
        "/containers/{case}",
        "/labels/{gtin}/{lot}?sheet=pdf&count=24",
        "/labels/{gtin}/{serial}/datamatrix.svg",
        "/scan?code={code}",
        "/api/v1/verify?code={code}",
        "/scan/proof?code={code}",
        "/scan/proof.json?code={code}",
        "/scan/proof.txt?code={code}",
        "/scan/answer.json?code={code}",
        "/api/v1/verify/proof?code={code}",
        "/api/v1/trace?gtin={gtin}&lot={lot}",
        "/api/v1/trace?gtin={gtin}&lot={lot}&serial={serial}",
        "/api/v1/recall-query?gtin={gtin}&lot={lot}&format=csv&serials=1",
        "/api/v1/recalls/{recall}/affected?format=csv&serials=1",
        "/api/v1/recalls/{recall}/bundle",
        "/query?gtin={gtin}&lot={lot}",
        "/recalls/what-if?gtin={gtin}&scope.lots={lot}",
        "/stock?format=csv",
        "/search?q={lot}",
        "/search?q={case}",
        "/returns?code={code}",
        "/recalls/{recall}/answer?lot={lot}",
        "/shipments/{sale}",
        "/api/v1/statements/{answer}",
        "/api/v1/statements/{dispense}",
    )
    foreign = world.ids["B" if chain is A else "A"]
    scanned = (
        "/scan?code={code}",
        "/scan/proof?code={code}",
        "/scan/answer.json?code={code}",
        "/api/v1/verify?code={code}",
        "/api/v1/verify/proof?code={code}",
        "/api/v1/verify/code?code={code}",
    )
    return [
        *tables,
        *(text.format(**ids) for text in own),
        *(text.format(**foreign) for text in scanned),
    ]


@dataclass
class Found:
    """Foreign words that came without a grant, and all words of one's chain."""

    leaks: set[str] = field(default_factory=set)
    met: set[str] = field(default_factory=set)


def _read(world: World, chain: Chain, client: Any, granted: set[str]) -> Found:
    other = B if chain is A else A
    ids = frozenset(Statement.objects.values_list("id", flat=True))
    found = Found()
    for path, reply in crawl(_asking(client), _seeds(world, chain), ids):
        texts = readings(reply)
        open_here = next((v for k, v in _ANYWHERE.items() if path.startswith(k)), set())
        near = _met(words_of(chain), path, texts)
        far = _met(words_of(other), path, texts)
        far -= _published(path, world, other)
        found.met |= near
        found.leaks |= {
            f"{path}: {letter}.{name}"
            for letter, names in (
                (chain.letter, near - granted - open_here),
                (other.letter, far - open_here),
            )
            for name in names
        }
    return found


def _met(words: dict[str, str], path: str, texts: list[str]) -> set[str]:
    """The names of words that stand in an answer and were not asked for."""
    return {
        name
        for word, name in words.items()
        if word not in path and any(word in text for text in texts)
    }


def _published(path: str, world: World, other: Chain) -> set[str]:
    """A recall's own statement is told to all partners, whoever has its id."""
    if world.ids[other.letter]["recall"] in path and "statements" in path:
        return _all("maker", *_BOX) | {"goods.lot"}
    return set()


# The chains are mirror images: the second needs one reader, to look back.
@pytest.mark.parametrize(
    ("chain", "slug"), [(A, "maker"), (A, "hub"), (A, "shop"), (B, "hub")]
)
def test_partners_read_of_others_what_the_rule_grants(
    chain: Chain, slug: str, world: World, browsers: dict[str, Any]
) -> None:
    own = {name for name in words_of(chain).values() if name.startswith(f"{slug}.")}
    if slug == "maker":
        own |= {name for name in words_of(chain).values() if name.startswith("goods.")}

    found = _read(world, chain, browsers[f"{chain.letter}.{slug}"], own | GRANTS[slug])

    assert sorted(found.leaks) == []
    assert (GRANTS[slug] | _all(slug, *_PARTY)) - found.met == set()


def test_the_operator_reads_the_register_and_no_goods(
    world: World, browsers: dict[str, Any]
) -> None:
    posts = [f"{post}{part}" for post in _POSTS for part in ("first", "last", "signer")]
    register = {
        f"{slug}.{part}"
        for slug in ("maker", "hub", "shop")
        for part in (*_PARTY, "address", "phone", "adminmail", *posts)
    }
    # A recall is told to all partners; who scans a pack is told its verdict.
    told = _all("maker", "product", "reason", "todo") | {"goods.lot", "goods.sn"}
    granted = register | told

    found = _read(world, A, browsers["operator"], granted)

    leaks = {leak for leak in found.leaks if leak.split(": ")[-1][2:] not in granted}
    assert leaks == set()
    assert _all("maker", *_PARTY) - found.met == set()


def test_a_stranger_reads_what_stands_on_the_box(
    world: World, browsers: dict[str, Any]
) -> None:
    found = _read(world, A, browsers["stranger"], set())

    assert found.leaks == set()
    assert found.met == {"maker.product"}


def test_a_published_recall_tells_the_world_these_words(
    world: World, browsers: dict[str, Any]
) -> None:
    ask, ids = _asking(browsers["stranger"]), world.ids["A"]
    path = f"/log/recalls/{ids['recall']}"

    found = _met(words_of(A), path, readings(ask(path)))

    # The random id of who signed is a name to nobody but its own organisation.
    told = _all("maker", "gln", "reason", "todo", "adminsigner")
    assert found == told | {"goods.lot"}
    assert ask(f"/log/recalls/{ids['answer']}").status == 404
