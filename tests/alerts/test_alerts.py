"""Refused attempts: one alert a cause, seen by who acted and by the regulator."""

import pytest

from apps.alerts.models import Alert
from apps.alerts.operations import close_alert, raise_alert
from apps.alerts.queries import count_open, visible_to
from apps.core.errors import ForbiddenTransfer
from apps.exchange.queries import draft
from apps.ledger.models import Statement
from apps.partners.models import ReadAudit
from apps.recalls.queries import draft_open
from pharmatrace.demo.cast import (
    NOVAMED,
    OPERATOR,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Player,
)
from pharmatrace.demo.stage import Stage
from tests.recalls.calls import forge, open_recall, packs, spread, wish


def note(stage: Stage, cause: str = "c1", by: Player = STELLA) -> Alert:
    return raise_alert(
        kind="recalled",
        rule="supplying",
        partner_gln=by.gln,
        summary="recalled; wanted packs in no open recall",
        cause=cause,
        at=stage.tick(),
    )


def test_the_same_cause_counts_up_and_is_no_second_alert(stage):
    first = note(stage)
    again = note(stage)

    assert Alert.objects.count() == 1
    assert (again.pk, again.times) == (first.pk, 2)
    assert again.first_at == first.first_at < again.last_at == stage.at


def test_what_happens_again_after_it_was_closed_is_open_again(stage):
    alert = note(stage)
    actor = stage.actor(STELLA)
    assert close_alert(actor=actor, alert_id=alert.pk, at=stage.tick())
    assert count_open(actor) == 0

    note(stage)

    assert count_open(actor) == 1


def test_an_unknown_party_is_noted_without_a_name(stage):
    alert = raise_alert(
        kind="party_unknown",
        rule="shipping",
        partner_gln="9521568999990",
        summary="party unknown",
        cause="c2",
        at=stage.tick(),
    )

    assert alert.partner is None
    assert list(visible_to(stage.actor(REGULATOR))) == [alert]


def test_an_alert_is_seen_by_who_acted_and_by_the_regulator_alone(stage):
    alert = note(stage)

    seen = {
        player.slug: list(visible_to(stage.actor(player)))
        for player in (STELLA, REGULATOR, NOVAMED, TRANSPHARM, OPERATOR)
    }

    assert {slug for slug, alerts in seen.items() if alerts == [alert]} == {
        "stella",
        "regulator",
    }


def test_a_foreign_alert_is_closed_by_nobody_else(stage):
    alert = note(stage)

    closed = [
        close_alert(actor=stage.actor(player), alert_id=alert.pk, at=stage.tick())
        for player in (NOVAMED, STELLA, STELLA)
    ]

    assert closed == [False, True, False]


def test_a_supply_that_the_law_refuses_leaves_an_alert_and_no_statement(stage):
    goods = spread(stage)
    handed = goods.stage.actor(STELLA)
    said = {
        "kind": "event",
        "step": "dispense",
        "site": STELLA.sites[0].gln,
        "items": packs(["S000005"]),
    }
    drafted = draft(wish=said, actor=handed, at=stage.tick())
    open_recall(stage)
    before = Statement.objects.count()

    with pytest.raises(ForbiddenTransfer):
        stage.submit(drafted, stage.keyring.key_of(STELLA))

    assert Statement.objects.count() == before
    alert = Alert.objects.get()
    assert (alert.kind, alert.partner) == ("recalled", handed.partner)
    assert alert.subject == drafted.statement_id


def test_a_recall_by_a_stranger_leaves_an_alert(stage):
    spread(stage)
    drafted = draft_open(wish=wish("A1"), actor=stage.actor(NOVAMED), at=stage.tick())

    with pytest.raises(ForbiddenTransfer):
        forge(stage, TRANSPHARM, drafted.payload)

    alert = Alert.objects.get()
    assert (alert.kind, alert.rule) == ("not_brand_owner", "recall.open")
    assert alert.partner.gln == TRANSPHARM.gln


def test_the_page_says_what_to_do_and_lets_a_signer_close(stage, client):
    alert = note(stage)
    client.force_login(stage.actor(STELLA).user)

    page = client.get("/alerts").content.decode()
    assert "Set it aside and answer the recall." in page

    answered = client.post(f"/alerts/{alert.pk}/close", follow=True)
    assert "Nothing looks wrong" in answered.content.decode()
    assert client.post(f"/alerts/{alert.pk}/close").status_code == 404
    assert "Recalled goods" in client.get("/alerts?state=closed").content.decode()


def test_a_member_who_may_not_sign_closes_nothing(stage, client):
    alert = note(stage)
    simon = next(each for each in STELLA.people if each.role == "member")
    client.force_login(stage.actor(STELLA, simon).user)

    assert client.get("/alerts").status_code == 200
    assert client.post(f"/alerts/{alert.pk}/close").status_code == 403
    alert.refresh_from_db()
    assert alert.closed_at is None


def test_a_regulator_that_reads_alerts_is_written_down(stage, client):
    note(stage)
    client.force_login(stage.actor(REGULATOR).user)

    page = client.get("/alerts").content.decode()

    assert STELLA.name in page
    assert [row.action for row in ReadAudit.objects.all()] == ["alerts.list"]
