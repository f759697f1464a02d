"""A regulator sees all, and every read is logged: asked of every address there is."""

import pytest

from apps.partners.models import ReadAudit
from pharmatrace.demo.cast import REGULATOR
from tests.access.actors import Actor, Reply
from tests.access.clients import client_of, undone
from tests.access.routes import ROUTES, address_of
from tests.access.table import OK, Route
from tests.access.world import World

# What a regulator reads there is nobody else's, or everybody's.
OPEN_TO_ALL = {
    "health",
    "log/checkpoint",
    "log/policy",
    "log/recalls/<str:statement_id>",
    "log/tile/<path:name>",
    "api/v1/schema",
    "api/v1/docs",
    "recalls/new",  # the names of products, as on their boxes
    "ledger",
    "ledger/entries/<int:index>",
    "ledger/entries/<int:index>/proof",
    "verify",  # what a visitor brings
    "closing",  # how many statements went, and by which statement
    "01/<path:path>",  # what a patient is told of a pack
}
ITS_OWN = {
    "",  # how much waits, by kind
    "organisation",
    "organisation/keys",
    "organisation/suspects",
    "shift",
    "device",
    "partners/admit",  # empty forms
    "uploads",
    "uploads/new",
    "products/register",
    "api/v1/uploads",
    "pools",
    "pools/new",
    "aggregations",
    "aggregations/new",
    "label-runs",
    "label-runs/new",
    "api/v1/pools",
    "api/v1/aggregations",
    "api/v1/label-runs",
    "pack",
    "ship",
    "receive",
    "returns",
    "scan",  # before a code is typed
    "query",  # before anything is asked
}


def _is_read(route: Route) -> bool:
    is_ours = not route.pattern.startswith("accounts/")
    return is_ours and route.rules["GET"][Actor.REGULATOR.value] == OK


READ = {route.pattern + route.query: route for route in ROUTES if _is_read(route)}


@pytest.mark.parametrize("name", READ)
def test_what_the_regulator_reads_of_others_is_written_down(
    name: str, world: World
) -> None:
    address = address_of(READ[name], world)
    accept = "*/*" if address.startswith("/api/") else "text/html"
    regulator = world.user(REGULATOR.admin)
    client = client_of(regulator)
    before = ReadAudit.objects.count()

    with undone():
        reply = Reply.of(client.get(address, headers={"Accept": accept}))
        rows = list(ReadAudit.objects.order_by("id")[before:])

    assert reply.status < 400
    is_logged = name not in OPEN_TO_ALL | ITS_OWN
    assert [row.user for row in rows] == ([regulator] if is_logged else [])
    assert all(row.action for row in rows)


def test_every_exception_is_an_address_that_a_regulator_reads() -> None:
    assert (OPEN_TO_ALL | ITS_OWN) - READ.keys() == set()
