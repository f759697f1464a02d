"""How often a scan asks the database: by a machine, as a page, as a part of one."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from apps.alerts.models import Alert
from apps.partners import queries as partners
from apps.recalls.operations import flag_affected
from apps.scan import queries
from apps.scan.models import Scan
from apps.scan.operations import record_scan
from pharmatrace import inbox, waiting
from pharmatrace.demo.cast import LINDE, REGULATOR, STELLA
from tests.journeys.api_client import ApiClient
from tests.scan.packs import code

# Who asks: the session, the person, their organisation; at the machine door one.
_LOG_IN = 3


def asked(visit):
    """The statements that a visit costs, after one that warms what is kept."""
    visit()
    with CaptureQueriesContext(connection) as captured:
        visit()
    return [query["sql"] for query in captured]


@pytest.fixture
def page(chain, client):
    """Statements that the scan page costs somebody."""
    client.force_login(chain.actor(STELLA).user)

    def statements(text, **headers):
        def visit():
            answer = client.get("/scan", {"code": text}, headers=headers)
            assert answer.status_code == 200

        return asked(visit)

    return statements


def test_a_machines_scan_is_four_statements_and_opens_no_transaction(chain):
    machine = ApiClient.of(chain.stage, STELLA)
    path = (
        f"/api/v1/verify?code=https://id.gs1.org/01/09521568251204/21/{chain.names[0]}"
    )
    texts = asked(lambda: machine.get(path))

    assert [text.split()[0] for text in texts] == ["SELECT", "WITH", "SELECT", "INSERT"]
    assert [
        name in text
        for name, text in zip(
            ("apitoken", "serialnumber", "eventchunk", "scan_scan"), texts, strict=True
        )
    ] == [True] * 4


def test_the_page_of_a_verdict_is_nine_questions_beside_the_log_in(chain, page):
    assert len(page(chain.code(0))) <= _LOG_IN + 9


def test_a_part_of_the_page_counts_no_inbox(chain, page):
    texts = page(chain.code(0), **{"HX-Request": "true"})

    assert len(texts) <= _LOG_IN + 8
    assert not any("recalls_notice" in text for text in texts)


def test_the_page_asks_how_the_log_does_once(chain, page):
    texts = page(chain.code(0))

    assert len([text for text in texts if "ledger_quarantine" in text]) == 1


def test_more_steps_of_custody_are_no_more_questions(chain, page):
    before = page(chain.code(1))
    chain.do(STELLA, "hold", items=[chain.epc(0)])
    chain.do(STELLA, "release", items=[chain.epc(0)], reason="cleared")

    assert len(page(chain.code(0))) <= len(before)


def test_a_long_run_is_counted_with_one_question_more(chain, page):
    short = page(chain.code(0))
    actor, at = chain.actor(STELLA), chain.stage.at
    for number in range(120):
        record_scan(
            code=f"X{number}",
            verdict=queries.judge_scan(code=code(f"X{number}"), actor=actor, at=at),
            actor=actor,
            at=at + timedelta(seconds=number),
        )
    run = queries.current_run(actor=actor, at=at + timedelta(minutes=5))

    assert run.count == 120
    assert [each.serial for each in run.strip] == [f"X{n}" for n in range(119, 109, -1)]
    assert len(page(chain.code(0))) <= len(short) + 1


def test_a_verdict_is_not_given_where_its_alert_cannot_be_written(chain, monkeypatch):
    def fail(**_):
        raise DatabaseError("no room for alerts")

    monkeypatch.setattr("apps.alerts.operations.raise_alert", fail)
    actor, at = chain.actor(STELLA), chain.stage.at
    verdict = queries.judge_scan(code=code("NOSUCH1"), actor=actor, at=at)

    with pytest.raises(DatabaseError):
        record_scan(code=code("NOSUCH1"), verdict=verdict, actor=actor, at=at)

    assert (Scan.objects.count(), Alert.objects.count()) == (0, 0)


@pytest.mark.parametrize("player", [STELLA, LINDE, REGULATOR])
def test_the_inbox_counts_what_its_lists_show_in_one_question(chain, player):
    chain.ship([chain.epc(0)], to=LINDE, by=STELLA)
    chain.ship([chain.epc(8)], to=STELLA)
    flag_affected(recall_id=chain.recall(), at=chain.stage.at)
    ApiClient.of(chain.stage, LINDE).get(
        f"/api/v1/verify?code={quote(code('NOSUCH1'))}"
    )
    actor = chain.actor(player)
    listed = (
        waiting.open_notices(actor).count()
        + waiting.incoming(actor).count()
        + waiting.open_alerts(actor).count()
        + waiting.count_keys(actor)
        + sum(row.may_sign for row in partners.list_proposals(actor=actor))
    )

    texts = asked(lambda: inbox.count_inbox(actor))

    assert inbox.count_inbox(actor) == listed > 0
    assert len(texts) == 1


def test_a_stranger_has_no_inbox(db):
    assert inbox.count_inbox(partners.STRANGER) == 0
