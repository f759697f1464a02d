"""What an office co-signed is marked too, and marks cost the same for one and for many."""

from datetime import timedelta
from typing import Any

import pytest

from apps.ledger.operations import Accepted
from apps.partners import queries
from apps.partners.models import SigningKey
from tests.cast import NOVAMED, OPERATOR, STELLA, Stage
from tests.custody.goods import sscc
from tests.partners.lending import (
    enrol_passkey,
)

NILS = NOVAMED.people[1]
PLANT = NOVAMED.sites[0].gln


def case(number: int) -> dict[str, object]:
    return {
        "kind": "event",
        "step": "new_container",
        "site": PLANT,
        "container": f"(00){sscc(number)}",
    }


@pytest.fixture
def key(stage: Stage) -> SigningKey:
    """The key of Nils, enrolled."""
    stage.enrol(NOVAMED, NILS)
    return SigningKey.objects.get(signer=NILS.signer)


def revoke(stage: Stage, key: SigningKey, **wish: Any) -> Accepted:
    said = {"kind": "key.revoke", "keyid": key.keyid, "reason": "tablet lost"}
    return stage.act(NOVAMED, said | wish)


def suspect_from(stage: Stage) -> str:
    """This moment, as a wish names it; a tick passes before and after."""
    stage.tick(timedelta(seconds=2))
    at = stage.tick().replace(microsecond=0)
    stage.tick(timedelta(seconds=2))
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def listed(stage: Stage, key: SigningKey) -> list[str]:
    key.refresh_from_db()
    return [row.id for row in queries.list_open_suspects(key=key, most=100)]


def test_what_an_office_co_signed_with_a_suspect_key_is_listed(stage: Stage) -> None:
    """The operator signs what the regulator says."""
    second = enrol_passkey(stage, OPERATOR)
    since = suspect_from(stage)
    licence = stage.license(STELLA).statement_id
    key = SigningKey.objects.get(signer=OPERATOR.admin.signer, is_genesis=True)
    wish = {
        "kind": "key.revoke",
        "keyid": key.keyid,
        "reason": "stolen",
        "suspect_since": since,
    }
    actor = stage.actor(OPERATOR)
    draft = queries.draft_revoke(wish=wish, actor=actor, at=stage.tick())
    stage.submit(draft, stage.keyring.key_of(OPERATOR))

    assert listed(stage, key) == [licence]
    assert queries.marks_of([licence])[licence].key.keyid == key.keyid
    assert second.public.keyid != key.keyid


def test_marks_cost_the_same_for_one_statement_and_for_many(
    stage: Stage, key: SigningKey, django_assert_num_queries: Any
) -> None:
    said = [stage.act(NOVAMED, case(n), person=NILS).statement_id for n in (1, 2, 3)]
    with django_assert_num_queries(1):
        assert queries.marks_of(said) == {}
    revoke(stage, key, suspect_since="2027-01-01")

    with django_assert_num_queries(4):
        assert len(queries.marks_of(said[:1])) == 1
    with django_assert_num_queries(4):
        assert len(queries.marks_of(said)) == 3
