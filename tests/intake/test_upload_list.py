"""The list of uploads grows without more queries."""

from apps.core.strict import format_base64
from tests.intake.world import serials


def test_the_list_grows_without_more_queries(world, django_assert_max_num_queries):
    for number in range(4):
        world.send(serials(1), lot=f"L{number}")

    with django_assert_max_num_queries(12):
        answer = world.novamed.get("/api/v1/uploads?limit=2")

    assert len(answer.json["results"]) == 2
    assert answer.json["next"]


SEED = format_base64(bytes(range(32)))
