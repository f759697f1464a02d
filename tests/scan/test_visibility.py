"""Nobody learns of a foreign partner by scanning: its name is in no byte."""

import json
from datetime import UTC, date, datetime

import pytest

from apps.partners.models import ReadAudit
from apps.scan.operations import record_scan
from pharmatrace.demo.cast import (
    LINDE,
    MARKT,
    NOVAMED,
    OPERATOR,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)

# All that could give a partner away.
CANARIES = {
    player: {
        player.name,
        player.gln,
        *(site.gln for site in player.sites),
        *(site.name for site in player.sites),
        *(person.signer for person in player.people),
        *(person.last_name for person in player.people),
    }
    for player in (NOVAMED, TRANSPHARM, STELLA, LINDE)
}


def leaks(text, *players):
    return sorted(
        word for player in players for word in CANARIES[player] if word in text
    )


def parties(verdict):
    return [(link.party, link.what) for link in verdict.timeline]


@pytest.fixture
def sent_back(chain):
    """Pack 0 is on its way back from Stella to Transpharm."""
    chain.do(
        STELLA,
        "return_ship",
        items=[chain.epc(0)],
        to={"gln": TRANSPHARM.gln, "site": TRANSPHARM.sites[0].gln},
        documents=[{"type": "rma", "id": "R1"}],
    )


def test_the_holder_sees_its_seller_by_name_and_earlier_links_by_role(chain):
    verdict = chain.scan(chain.code(0), STELLA)

    assert parties(verdict) == [
        ("Novamed", "made and numbered"),
        ("Novamed", "sent"),
        ("Licensed wholesaler, DE", "received"),
        ("Transpharm", "sent to Stella Pharmacy"),
        ("Stella Pharmacy", "received"),
    ]
    assert [link.is_you for link in verdict.timeline] == [False] * 4 + [True]
    assert [bool(link.statement_id) for link in verdict.timeline] == [False] * 4 + [
        True
    ]


def test_earlier_links_show_a_day_and_own_links_a_moment(chain):
    verdict = chain.scan(chain.code(0), STELLA)

    assert [type(link.at) for link in verdict.timeline] == [
        date,
        date,
        date,
        datetime,
        datetime,
    ]


def test_a_former_holder_sees_nothing_of_what_came_after(chain):
    verdict = chain.scan(chain.code(0), NOVAMED)

    assert parties(verdict) == [
        ("Novamed", "made and numbered"),
        ("Novamed", "sent to Transpharm"),
        ("Transpharm", "received"),
    ]
    assert leaks(json.dumps(verdict.as_json()), STELLA) == []


def test_a_partner_without_a_link_sees_no_custody_at_all(chain):
    verdict = chain.scan(chain.code(0), LINDE)

    assert verdict.timeline == ()
    text = json.dumps(verdict.as_json())
    assert leaks(text, NOVAMED, TRANSPHARM, STELLA) == []


def test_the_addressee_of_a_despatch_sees_who_sent_it(chain):
    chain.ship([chain.epc(7)], by=NOVAMED, to=TRANSPHARM)

    verdict = chain.scan(chain.code(7), TRANSPHARM)

    assert parties(verdict) == [
        ("Novamed", "made and numbered"),
        ("Novamed", "sent to Transpharm"),
    ]


def test_a_regulator_sees_every_link_by_name(chain):
    verdict = chain.scan(chain.code(0), REGULATOR)

    assert [party for party, _ in parties(verdict)] == [
        "Novamed",
        "Novamed",
        "Transpharm",
        "Transpharm",
        "Stella Pharmacy",
    ]
    assert all(link.statement_id for link in verdict.timeline)


def test_the_operator_sees_no_custody(chain):
    verdict = chain.scan(chain.code(0), OPERATOR)

    assert verdict.timeline == ()


@pytest.mark.usefixtures("sent_back")
def test_a_return_is_seen_by_both_sides_and_by_nobody_else(chain):
    seller = chain.scan(chain.code(0), TRANSPHARM)
    stranger = chain.scan(chain.code(0), MARKT)

    assert parties(seller)[-1] == ("Stella Pharmacy", "sent back to Transpharm")
    assert seller.rule.code == "in_transit_to_you"
    assert stranger.timeline == ()


@pytest.mark.parametrize("path", ["/api/v1/verify", "/scan"])
@pytest.mark.parametrize(
    ("player", "hidden"),
    [
        (LINDE, (NOVAMED, TRANSPHARM, STELLA)),
        (NOVAMED, (STELLA, LINDE)),
        (STELLA, (LINDE,)),
    ],
)
def test_no_foreign_name_is_in_any_byte_of_an_answer(
    chain, client, path, player, hidden
):
    client.force_login(chain.actor(player).user)

    for text in (chain.code(0), chain.epc(0), chain.code(0, gs=""), chain.code(7)):
        answer = client.get(path, {"code": text})
        assert answer.status_code == 200
        assert leaks(answer.content.decode(), *hidden) == []


def test_a_regulators_scan_is_written_down(chain):
    at = datetime(2027, 3, 1, 9, tzinfo=UTC)
    verdict = chain.scan(chain.code(0), REGULATOR)
    record_scan(
        code=chain.code(0), verdict=verdict, actor=chain.actor(REGULATOR), at=at
    )

    row = ReadAudit.objects.get()
    assert (row.partner.gln, row.action, row.outcome) == (
        REGULATOR.gln,
        "scan",
        "not_in_your_custody",
    )
    assert row.subject == chain.code(0)
