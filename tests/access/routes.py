"""Every address of the site × every method × everybody who may come: the answer."""

from tests.access import routes_accounts, routes_api, routes_pages
from tests.access.table import Route
from tests.access.walk import fill
from tests.access.world import World

ROUTES: tuple[Route, ...] = (
    *routes_api.ROUTES,
    *routes_accounts.ROUTES,
    *routes_pages.ROUTES,
)


def address_of(route: Route, world: World, letter: str = "A") -> str:
    """The address of a route's object in one chain, its query included."""
    ids = world.ids[letter]
    values = {
        name: said.removeprefix("=") if said.startswith("=") else ids[said]
        for name, said in route.ids.items()
    }
    return fill(route.pattern, values) + route.query.format(**ids)
