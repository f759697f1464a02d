"""The choice of a language: a form in the footer, a cookie, no script."""

import pytest
from django.test import Client

from tests.languages.conftest import Reader

pytestmark = pytest.mark.django_db


def test_the_footer_offers_the_other_language(german: Reader) -> None:
    english = Client().get("/").content.decode()
    translated = german(None).get("/").content.decode()

    assert 'name="language" value="de" lang="de">Deutsch</button>' in english
    assert 'value="en"' not in english
    assert 'name="language" value="en" lang="en">English</button>' in translated


def test_a_choice_outlives_what_the_browser_asks_for(german: Reader) -> None:
    client = german(None)

    answer = client.post("/language", {"language": "en", "next": "/ledger?q=1"})

    assert (answer.status_code, answer["Location"]) == (302, "/ledger?q=1")
    assert '<html lang="en">' in client.get("/").content.decode()


def test_it_leads_nowhere_else() -> None:
    answer = Client().post("/language", {"language": "de", "next": "https://evil.test"})

    assert answer["Location"] == "/"


def test_an_unknown_language_changes_nothing() -> None:
    client = Client()

    client.post("/language", {"language": "xx", "next": "/"})

    assert '<html lang="en">' in client.get("/").content.decode()


def test_after_a_refused_form_it_leads_to_the_start(german: Reader) -> None:
    page = german(None).post("/language/none", {"any": "thing"}).content.decode()

    assert 'name="next" value="/"' in page


def test_another_site_cannot_choose() -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post("/language", {"language": "de"}).status_code == 403
