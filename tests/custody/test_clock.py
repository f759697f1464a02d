"""The door's clock may run behind; the law's moment is the one that counts."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    envelope_bytes,
    pae,
)
from apps.core.errors import UntrustedSignature
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import parse_statement
from apps.custody.models import Event
from apps.exchange import queries as drafts
from apps.ledger.formats import as_ms
from apps.ledger.models import Statement
from tests.cast import NOVAMED, STELLA, Stage
from tests.custody.goods import Goods, packs, serials, site
from tests.recalls.calls import close, open_recall


@pytest.fixture
def goods(stage: Stage) -> Goods:
    told = Goods(stage)
    told.commission(count=40)
    return told


def refused(code: str):
    return pytest.raises(UntrustedSignature, check=lambda error: error.code == code)


def test_a_statement_that_expires_before_its_parent_was_accepted_is_refused(
    goods: Goods,
) -> None:
    """By the door's clock, which ran back, it is in time; by the law's it is not."""
    goods.deliver(packs(serials(1)))
    goods.stage.tick(timedelta(hours=25))
    recall = open_recall(goods.stage)
    goods.stage.at -= timedelta(hours=25)
    count = Event.objects.count()

    with refused("statement_expired"):
        goods.do(
            STELLA,
            "recall_ship",
            items=packs(serials(1)),
            parents=[recall.pk],
            to={"gln": NOVAMED.gln, "site": site(NOVAMED)},
        )

    assert Event.objects.count() == count
    assert Statement.objects.latest("accept_no").kind == "recall.open"


@pytest.mark.parametrize(("hours", "is_late"), [(1, True), (3, False)])
def test_a_lent_voice_counts_until_its_end_by_the_laws_clock(
    goods: Goods, hours: int, is_late: bool
) -> None:
    device = Ed25519PrivateKey.generate()
    stage = goods.stage
    recall = open_recall(stage)
    draft = drafts.draft(
        wish={
            "kind": "event",
            "step": "sample",
            "site": site(NOVAMED),
            "items": packs(serials(1)),
            "parents": [recall.pk],
        },
        actor=stage.actor(NOVAMED),
        at=stage.tick(timedelta(hours=-2)),
    )
    statement = parse_statement(draft.payload)
    delegation = Delegation(
        ledger=statement.ledger,
        by=NOVAMED.gln,
        signer=NOVAMED.admin.signer,
        role="signer",
        site=site(NOVAMED),
        key=public_key_of(device),
        from_ms=as_ms(stage.at),
        to_ms=as_ms(stage.at + timedelta(hours=hours)),
    )
    note = sign_envelope(
        payload_type=DELEGATION_TYPE,
        payload=build_delegation(delegation),
        private_keys=[stage.keyring.key_of(NOVAMED)],
    )
    sig = sign(device, pae(STATEMENT_TYPE, draft.payload))
    envelope = build_envelope(
        payload_type=STATEMENT_TYPE,
        payload=draft.payload,
        signatures=[Signature(public_key_of(device).keyid, sig, delegation=note)],
    )

    if is_late:
        with refused("delegation_out_of_time"):
            stage.send(envelope_bytes(envelope))
        assert not Event.objects.filter(biz_step="sampling").exists()
    else:
        assert stage.send(envelope_bytes(envelope)).accepted_ms == recall.opened_ms


def test_a_recall_is_not_closed_by_a_statement_that_expired_before(
    goods: Goods,
) -> None:
    goods.stage.tick(timedelta(hours=25))
    recall = open_recall(goods.stage)
    goods.stage.at -= timedelta(hours=25)

    with refused("statement_expired"):
        close(goods.stage, recall)

    recall.refresh_from_db()
    assert recall.closed_ms is None
