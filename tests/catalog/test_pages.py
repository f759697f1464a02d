import pytest
from django.contrib.auth.models import AbstractBaseUser
from django.test import Client

from apps.partners.models import User
from pharmatrace.demo.cast import Player
from tests.cast import AMOXIL, NOVAMED, STELLA, Stage


def _client(player: Player) -> Client:
    client = Client()
    user: AbstractBaseUser = User.objects.get(username=player.admin.username)
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_the_maker_is_offered_to_register_and_others_are_not(stage: Stage) -> None:
    pages = [
        _client(player).get("/products").content.decode()
        for player in (NOVAMED, STELLA)
    ]

    assert ["Register a product" in page for page in pages] == [True, False]


def test_a_product_page_shows_what_is_on_the_box(stage: Stage) -> None:
    page = _client(STELLA).get(f"/products/{AMOXIL.gtin}").content.decode()

    assert "Amoxil 500 mg" in page
    assert "24 capsules" in page


@pytest.mark.parametrize("gtin", ["09521568600330", "x", "0" * 500])
def test_a_missing_product_is_not_found(stage: Stage, gtin: str) -> None:
    assert _client(STELLA).get(f"/products/{gtin}").status_code == 404


def test_a_page_beyond_the_last_is_the_last(stage: Stage) -> None:
    answer = _client(STELLA).get("/products", {"page": "999999999999999999999"})

    assert answer.status_code == 200


def test_machines_read_products_a_page_at_a_time(stage: Stage) -> None:
    answer = _client(STELLA).get("/api/v1/products", {"q": "cardiol", "limit": "1"})

    assert answer.json()["results"] == [
        {
            "gtin": "09521568310017",
            "name": "Cardiol",
            "strength": "5 mg",
            "form": "film-coated tablets",
            "pack_size": "30 tablets",
            "brand_owner": NOVAMED.gln,
            "registered_by": answer.json()["results"][0]["registered_by"],
        }
    ]
