"""What an office co-signed is marked too, and marks cost the same for one and for many."""

from typing import Any

from apps.partners import queries
from apps.partners.models import SigningKey
from tests.cast import NOVAMED, OPERATOR, STELLA, Stage
from tests.partners.lending import (
    enrol_passkey,
)
from tests.partners.suspicion import NILS, case, revoke, suspect_from


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
