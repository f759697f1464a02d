"""A key that turns suspect: what it said before, its end, and what is said again."""

from datetime import timedelta
from typing import Any

from apps.ledger.operations import Accepted
from apps.partners.models import SigningKey
from tests.cast import NOVAMED, Stage
from tests.custody.goods import sscc

NILS = NOVAMED.people[1]


def case(number: int) -> dict[str, object]:
    """The wish for a new container at Novamed's plant."""
    return {
        "kind": "event",
        "step": "new_container",
        "site": NOVAMED.sites[0].gln,
        "container": f"(00){sscc(number)}",
    }


def revoke(stage: Stage, key: SigningKey, **wish: Any) -> Accepted:
    said = {"kind": "key.revoke", "keyid": key.keyid, "reason": "tablet lost"}
    return stage.act(NOVAMED, said | wish)


def reattest(stage: Stage, key: SigningKey, *names: str, **wish: Any) -> Accepted:
    said = {"kind": "key.reattest", "keyid": key.keyid, "statements": list(names)}
    return stage.act(NOVAMED, said | wish)


def suspect_from(stage: Stage) -> str:
    """This moment, as a wish names it; a tick passes before and after."""
    stage.tick(timedelta(seconds=2))
    at = stage.tick().replace(microsecond=0)
    stage.tick(timedelta(seconds=2))
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
