"""Every move of a pool's serials that is refused, and that nothing moves."""

from apps.pools.models import PoolMove
from tests.intake.world import EXPIRY

REFUSED = [
    ("printed", {"numbers": [[1, 2]]}, 409, "serial_moved"),
    ("printed", {"numbers": [[7, 7]]}, 409, "serial_moved"),
    ("printed", {"numbers": [[9, 11]]}, 400, "out_of_range"),
    ("printed", {"numbers": [[0, 1]]}, 400, "bad_numbers"),
    ("printed", {"numbers": [[5, 4]]}, 400, "bad_numbers"),
    ("printed", {"numbers": []}, 400, "nothing_named"),
    ("printed", {}, 400, "nothing_named"),
    ("printed", {"serials": ["NOSUCH"]}, 400, "not_of_pool"),
    ("printed", {"serials": [5]}, 400, "wrong_type"),
    ("printed", {"numbers": "x"}, 400, "bad_numbers"),
    ("destroyed", {"numbers": [[9, 9]]}, 400, "reason_missing"),
    ("destroyed", {"numbers": [[7, 9]], "reason": "twice"}, 409, "serial_moved"),
    ("destroyed", {"numbers": [[1, 1]], "reason": "sold"}, 409, "serial_moved"),
    ("closed", {}, 400, "reason_missing"),
    ("named", {"lot": "X1", "expiry_date": EXPIRY}, 409, "pool_in_use"),
    ("commissioned", {"numbers": [[1, 1]]}, 400, "unknown_word"),
    ("reserved", {"numbers": [[1, 1]]}, 400, "unknown_word"),
]


def test_a_move_that_may_not_be_moves_nothing(line):
    pool = line.reserve(10)
    line.print(pool, 1, 4)
    line.world.commission(line.staged(pool, numbers=[[1, 2]]))
    line.move(pool, "destroyed", numbers=[[7, 7]], reason="torn")
    moves = PoolMove.objects.count()

    for to, body, status, code in REFUSED:
        answer = line.move(pool, to, **body)

        assert (answer.status, answer.json["code"]) == (status, code), (to, body)
        assert line.counts(pool) == (5, 2, 2, 1)
    assert PoolMove.objects.count() == moves
