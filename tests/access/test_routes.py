"""Who may do what: the site against the table, address by address."""

import pytest

from tests.access.actors import Actor, Crowd
from tests.access.routes import ROUTES, address_of
from tests.access.table import Route, class_of
from tests.access.walk import METHODS, list_routes
from tests.access.world import World


@pytest.fixture(scope="module")
def crowd(world: World) -> Crowd:
    return Crowd(world)


def test_every_address_stands_in_the_table() -> None:
    listed = {route.pattern for route in ROUTES}

    assert set(list_routes()) - listed == set(), "addresses that nobody listed"
    assert listed - set(list_routes()) == set(), "lines about addresses that are gone"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern + route.query)
def test_everybody_is_answered_as_the_table_says(
    route: Route, world: World, crowd: Crowd
) -> None:
    address = address_of(route, world)

    heard = {
        (method, actor): class_of(crowd.ask(actor, method, address, owner=route.owner))
        for method in METHODS
        for actor in Actor
    }

    assert [
        f"{method} {address} by {actor.name}: {word}, not {wanted}"
        for (method, actor), word in heard.items()
        if word != (wanted := route.rules[method][actor.value])
    ] == []
