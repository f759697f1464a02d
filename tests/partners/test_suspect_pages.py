"""Where a statement is shown, it is said that a suspect key signed it."""

from typing import Any

import pytest

from apps.partners.models import SigningKey
from tests.cast import AMOXIL, NOVAMED, STELLA, Stage
from tests.custody.goods import Goods, pack
from tests.partners.suspicion import NILS, case, reattest, revoke

# Where a statement is shown.


@pytest.fixture
def suspect(stage: Stage, key: SigningKey) -> tuple[str, str]:
    """A statement of a suspect key, and one that its party said again."""
    said = [stage.act(NOVAMED, case(n), person=NILS).statement_id for n in (1, 2)]
    revoke(stage, key, suspect_since="2027-01-01")
    reattest(stage, key, said[1])
    return said[0], said[1]


def test_the_statements_page_says_that_it_is_suspect(
    stage: Stage, suspect: tuple[str, str], browse: Any
) -> None:
    client = browse(NOVAMED)

    pages = [
        client.get(f"/ledger/statements/{name}").content.decode() for name in suspect
    ]

    assert "A suspect key signed this" in pages[0]
    assert "its party has said it again" not in pages[0]
    assert "its party has said it again" in pages[1]


def test_machines_read_that_it_is_suspect(
    stage: Stage, suspect: tuple[str, str], key: SigningKey, browse: Any
) -> None:
    client = browse(NOVAMED)

    told = [
        client.get(f"/api/v1/statements/{name}").json()["suspect"] for name in suspect
    ]

    key.refresh_from_db()
    assert told[0] == {
        "keyid": key.keyid,
        "since_ms": key.suspect_since_ms,
        "said_again_in": None,
    }
    assert told[1]["said_again_in"] is not None
    other = client.get(f"/api/v1/statements/{key.revoked_by}").json()
    assert other["suspect"] is None


def test_the_batch_says_which_of_its_links_are_suspect(
    stage: Stage, key: SigningKey, browse: Any
) -> None:
    goods = Goods(stage)
    goods.commission(count=10)
    wish = {
        "kind": "event",
        "step": "sample",
        "site": NOVAMED.sites[0].gln,
        "items": [pack("S000001")],
    }
    said = stage.act(NOVAMED, wish, person=NILS).statement_id
    client = browse(NOVAMED)
    path = f"/batches/{AMOXIL.gtin}/A1"
    assert "signed by a suspect key" not in client.get(path).content.decode()

    revoke(stage, key, suspect_since="2027-01-01")

    assert client.get(path).content.decode().count("signed by a suspect key") == 1
    reattest(stage, key, said)
    shown = client.get(path).content.decode()
    assert "signed by a suspect key" not in shown
    assert "suspect key, said again" in shown


def test_the_page_of_suspects_lists_them_by_key_with_one_form(
    stage: Stage, suspect: tuple[str, str], key: SigningKey, browse: Any
) -> None:
    client = browse(NOVAMED)

    shown = client.get("/organisation/suspects").content.decode()

    assert f'value="{suspect[0]}"' in shown
    assert f'value="{suspect[1]}"' not in shown
    assert "Key of Nils Arndt" in shown
    assert shown.count("data-sign-go") == 1
    home = client.get("/").content.decode()
    assert "2 statements want another look" in home  # and the enrolment of the key
    assert "want another look" in client.get("/organisation").content.decode()
    foreign = browse(STELLA).get("/organisation/suspects").content.decode()
    assert "Nothing wants another look" in foreign
