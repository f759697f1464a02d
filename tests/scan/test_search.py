"""The box takes what pages show: grouped, shortened, numbered, named."""

import pytest

from apps.anchoring.operations import sequence
from pharmatrace.demo.cast import (
    AMOXIL,
    MARKT,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
)


@pytest.fixture
def found(chain, client):
    def by(player, text):
        client.force_login(chain.stage.actor(player).user)
        answer = client.get("/search", {"q": text})
        if answer.status_code == 302:
            return [answer["Location"]]
        return [one.url for one in answer.context["page"].found]

    return by


def test_a_grouped_gtin_leads_to_its_product(found):
    gtin = AMOXIL.gtin
    grouped = f"{gtin[0]} {gtin[1:8]} {gtin[8:]}"

    assert found(STELLA, grouped) == [f"/products/{gtin}"]


@pytest.mark.parametrize("spell", [str.upper, str.lower, lambda text: text])
def test_a_serial_is_found_in_groups_and_in_either_case(chain, found, spell):
    chain.commission(lot="B7", names=["ZEH4RMM3F4MIQB"])

    [where] = found(NOVAMED, spell("ZEH4 RMM3 F4MI QB"))

    assert where.endswith("%2F21%2FZEH4RMM3F4MIQB")


def test_a_shortened_hash_leads_to_ones_own_statement(chain, found):
    said = chain.do(NOVAMED, "hold", items=[chain.epc(11)]).statement_id
    page = f"/ledger/statements/{said}"

    for text in (said[:8], f"{said[:8]}…{said[-8:]}", said[:12].upper()):
        assert found(NOVAMED, text) == [page]
        assert found(REGULATOR, text) == [page]
        # By chance a hash may begin as a code does, and lead to a scan.
        assert page not in found(STELLA, text)
    other_end = "0" if said[-1] != "0" else "1"
    assert page not in found(NOVAMED, f"{said[:8]}…{said[-7:-1]}{other_end}")
    assert page not in found(NOVAMED, said[:7])


def test_an_entry_is_found_by_its_number(chain, found, settings, tmp_path):
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    while sequence(at=chain.stage.tick()):
        pass

    assert found(MARKT, "3") == ["/ledger/entries/3"]
    assert found(MARKT, "999999") == []
    assert found(MARKT, "-3") == []


@pytest.mark.parametrize("text", ["Transph", TRANSPHARM.gln, "transpharm"])
def test_partners_are_found_by_who_may_read_the_register(found, text):
    assert f"/partners/{TRANSPHARM.gln}" in found(REGULATOR, text)
    assert found(MARKT, text) == []


def test_the_box_is_no_longer_than_an_address(found, client):
    found(STELLA, "x")

    page = client.get("/scan").content.decode()

    assert 'id="site-search" type="search" name="q" maxlength="2000"' in page


@pytest.mark.parametrize(("path", "shown"), [("/search", "ZZZ"), ("/stock", "")])
def test_the_box_holds_what_was_searched_and_no_filter(chain, client, path, shown):
    client.force_login(chain.stage.actor(STELLA).user)

    page = client.get(path, {"q": "ZZZ"}, follow=True).content.decode()

    box = page[page.index('id="site-search"') :].partition(">")[0]
    assert f'value="{shown}"' in box
