"""The page that checks evidence: one file, the same for everybody, sealed by its policy."""

import base64
import hashlib
import re

import pytest
from django.core.cache import cache

from apps.anchoring import operations
from apps.anchoring.clients.public_files import public_files
from apps.edge import secrets
from apps.exchange.views.verify import page_parts
from apps.ledger.models import Leaf, Statement
from apps.partners.models import User
from tests.cast import Stage, ledger, stage

__all__ = ["ledger", "stage"]

pytestmark = pytest.mark.django_db
# The saved file: script, style, two icons, sentences of one language.
MOST_BYTES = 290_000
MOST_BYTES_SENT = 85_000  # as gzip


@pytest.fixture
def story(settings, tmp_path, stage: Stage) -> Stage:
    settings.LOG_DIR = tmp_path / "log"
    settings.LOCK_STORE = tmp_path / "outside" / "lock"
    secrets.create_missing()
    operations.sequence(at=stage.tick())
    return stage


@pytest.fixture
def bare(settings, tmp_path, db):
    settings.LOG_DIR, settings.LOCK_STORE = tmp_path / "log", tmp_path / "lock"


def hash_of(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def inside(page: str, tag: str) -> str:
    found = re.findall(f"<{tag}[^>]*>(.*?)</{tag}>", page, re.DOTALL)
    assert len(found) == 1
    return found[0]


def test_the_policy_admits_exactly_what_stands_in_the_page(client, bare):
    answer = client.get("/verify")

    page = answer.content.decode()
    header = answer["Content-Security-Policy"]
    policy = dict(part.strip().partition(" ")[::2] for part in header.split(";"))
    assert policy.pop("script-src") == hash_of(inside(page, "script"))
    assert policy.pop("style-src") == hash_of(inside(page, "style"))
    assert policy.pop("img-src") == "data:"
    assert set(policy.values()) == {"'none'"}
    assert len(policy) == 10


def test_the_saved_file_carries_the_same_policy(client, bare):
    page = client.get("/verify").content.decode()

    said = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1]
    assert f"script-src {hash_of(inside(page, 'script'))};" in said
    assert f"style-src {hash_of(inside(page, 'style'))};" in said
    assert said.startswith("default-src 'none';")
    assert "unsafe" not in said


def test_nothing_is_fetched_by_the_page(client, bare):
    page = client.get("/verify").content.decode()

    assert re.findall(r"""(?:src|srcset|action|poster)=["']?[^"'\s>]""", page) == []
    links = set(re.findall(r'<link rel="(\w+)" href="([^"]{0,10})', page))
    assert links == {("icon", "data:image")}
    assert "@import" not in inside(page, "style")
    assert "url(" not in inside(page, "style")
    assert "fetch(" not in inside(page, "script")
    assert "localStorage" not in inside(page, "script")


def test_it_comes_with_the_policy_and_the_genesis_of_this_ledger(client, story):
    page = client.get("/verify").content.decode()

    policy = re.search('data-policy="([^"]*)"', page)[1]
    assert base64.b64decode(policy) == public_files().read_policy()
    genesis = Statement.objects.get(kind="genesis")
    assert f'data-genesis="{genesis.pk}"' in page
    assert Leaf.objects.get(index=0).statement_id == genesis.pk


def test_without_a_log_it_comes_with_nothing_and_works(client, bare):
    page = client.get("/verify")

    assert page.status_code == 200
    assert 'data-policy=""' in page.content.decode()
    assert 'data-genesis=""' in page.content.decode()


@pytest.mark.parametrize(
    ("query", "accept", "language", "title"),
    [
        ("", "en", "en", "Check it yourself"),
        ("", "de", "de", "Prüfen Sie selbst"),
        ("?language=de", "en", "de", "Prüfen Sie selbst"),
        ("?language=en", "de", "en", "Check it yourself"),
        ("?language=xx", "de", "de", "Prüfen Sie selbst"),
        ("?language=%3Cscript%3E", "en", "en", "Check it yourself"),
    ],
)
def test_it_speaks_the_language_that_is_asked_for(
    client, bare, query, accept, language, title
):
    answer = client.get(f"/verify{query}", headers={"Accept-Language": accept})

    page = answer.content.decode()
    assert f'<html lang="{language}">' in page
    assert f"<h1>{title}</h1>" in page
    assert answer["Content-Language"] == language
    assert "%3C" not in page.split("<script")[0]


def test_saving_names_the_file(client, bare):
    answer = client.get("/verify?save&language=de")

    wanted = 'attachment; filename="pharmatrace-verify-de.html"'
    assert answer["Content-Disposition"] == wanted
    plain = client.get("/verify?language=de")
    assert answer.content == plain.content
    assert "Content-Disposition" not in plain


def test_it_is_the_same_for_everybody_and_sets_no_cookie(client, story):
    stranger = client.get("/verify")
    client.force_login(User.objects.earliest("pk"))
    member = client.get("/verify")

    assert member.content == stranger.content
    assert not stranger.cookies
    assert b"csrf" not in stranger.content


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_it_takes_nothing(client, bare, method):
    assert getattr(client, method)("/verify").status_code == 405


def test_it_is_light_enough_to_keep_and_to_send(client, bare):
    whole = client.get("/verify?language=de")
    sent = client.get("/verify?language=de", headers={"Accept-Encoding": "gzip"})

    print(f"saved {len(whole.content):,} bytes, sent {len(sent.content):,}")
    assert len(page_parts().script) > 100_000
    assert len(whole.content) < MOST_BYTES
    assert sent["Content-Encoding"] == "gzip"
    assert len(sent.content) < MOST_BYTES_SENT


def test_pages_lead_to_it(client, story):
    cache.clear()
    ledger_page = client.get("/ledger").content.decode()

    assert ledger_page.count('href="/verify"') == 2  # its own button, and the footer
