"""Pages for somebody who reads German: no half of them stays English."""

import html
import re
from datetime import date

import pytest
from django.test import Client
from django.utils import translation

from apps.edge.numbers import grouped
from apps.scan.formats.words import expiry_spoken
from pharmatrace.demo.cast import (
    AMOXIL,
    EVERYBODY,
    NOVAMED,
    REGULATOR,
    STELLA,
    TRANSPHARM,
    Player,
)
from tests.languages.conftest import Reader
from tests.scan.packs import LOT, Chain

_NOT_TEXT = re.compile(r"<(script|style|pre|code)\b.*?</\1>|<!--.*?-->", re.DOTALL)
_SPOKEN = re.compile(r'(?:aria-label|placeholder|alt|title)="([^"]*)"')
# Common in English, and no German word.
_ENGLISH = re.compile(
    r"\b(the|and|of|to|from|with|this|that|your|you|is|are|it|not|or|by|here|who|what|"
    r"where|pack|packs|lot|lots|expiry|holder|serial|ledger|entry|entries|proof|receive|"
    r"recall|recalls|alerts|stock|ship|dispense|hold|ask|genuine|sign|signed|"
    r"key|keys|site|pharmacy|wholesaler|manufacturer|checkpoint|witnesses|nothing)\b",
    re.IGNORECASE,
)
# What people, products and columns are called: data, in nobody's language.
_NAMES = (
    *(site.name for each in EVERYBODY for site in each.sites),
    *(each.name for each in EVERYBODY),
    *("BEGIN PRIVATE KEY", "gtin, lot und expiry", "wrong leaflet"),
)


def spoken(client: Client, path: str) -> str:
    """What a reader sees or hears of a page."""
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    text = answer.content.decode()
    assert '<html lang="de">' in text
    assert answer["Content-Language"] == "de"
    shown = _NOT_TEXT.sub(" ", text)
    heard = " ".join(_SPOKEN.findall(shown))
    return html.unescape(f"{re.sub(r'<[^>]*>', ' ', shown)} {heard}")


def english(text: str) -> list[str]:
    """English words that are left, with what stands around them."""
    for name in _NAMES:
        text = text.replace(name, "")
    text = " ".join(text.split())
    return [
        text[max(0, found.start() - 30) : found.end() + 30]
        for found in _ENGLISH.finditer(text)
    ]


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/", "Ist diese Packung echt?"),
        ("/accounts/login/", "Anmelden"),
        ("/ledger", "Kontrollpunkt"),
        (f"/01/{AMOXIL.gtin}", "Dieses Produkt ist eingetragen."),
    ],
)
def test_a_stranger_reads_german(german: Reader, path: str, word: str) -> None:
    text = spoken(german(None), path)

    assert word in text
    assert english(text) == []


@pytest.mark.parametrize(
    ("player", "path", "word"),
    [
        (STELLA, "/", "Packung scannen"),
        (STELLA, "/scan", "Bereit"),
        (STELLA, "/receive", "Wareneingang"),
        (STELLA, "/stock", "Bestand"),
        (STELLA, "/recalls", "Rückrufe"),
        (STELLA, "/alerts", "Alarme"),
        (STELLA, "/device", "Schlüssel in diesem Browser"),
        (STELLA, "/inbox", "Eingang"),
        (STELLA, f"/batches/{AMOXIL.gtin}/{LOT}", "Die Kette der signierten Schritte"),
        (TRANSPHARM, "/ship", "Versenden"),
        (TRANSPHARM, "/shipments", "Lieferungen"),
        (TRANSPHARM, "/returns", "Retouren"),
        (NOVAMED, "/uploads", "Hochgeladene Dateien"),
        (NOVAMED, "/uploads/new", "Hochladen und prüfen"),
        (NOVAMED, "/pack", "Packen"),
        (NOVAMED, "/recalls/new", "Rückruf eröffnen"),
        (REGULATOR, "/query", "Wo ist jede Packung jetzt?"),
        (REGULATOR, "/partners", "Partner"),
    ],
)
def test_everybody_who_works_here_reads_german(
    german: Reader, player: Player, path: str, word: str
) -> None:
    text = spoken(german(player), path)

    assert word in text
    assert english(text) == []


def test_the_verdicts_are_german(german: Reader, chain: Chain) -> None:
    client = german(STELLA)
    pack = f"/scan?code={chain.code(0).replace(chr(29), '%1D')}"

    good = spoken(client, pack)
    assert "Abgeben" in good
    assert "Echt, nicht verfallen, in Ihrem Besitz." in good
    assert english(good) == []

    chain.recall()
    bad = spoken(client, pack)
    assert "Zurückhalten" in bad
    assert "Klasse II" in bad
    assert english(bad) == []


def test_a_patient_reads_german(german: Reader, chain: Chain) -> None:
    path = f"/01/{AMOXIL.gtin}/10/{LOT}/21/{chain.names[0]}"

    assert english(good := spoken(german(None), path)) == []
    assert "Der Hersteller hat diese Packung eingetragen" in good

    chain.recall()
    assert "Zurückgerufen" in spoken(german(None), path)


def test_a_refusal_is_german_and_its_code_is_not(german: Reader) -> None:
    page = german(STELLA).get("/partners")
    machine = german(STELLA).get(
        "/api/v1/recalls/none", headers={"Accept": "application/json"}
    )

    assert page.status_code == 403
    assert "Das ist nur für die Behörde und den Betreiber" in page.content.decode()
    assert machine.json()["code"] == "not_found"
    assert machine.json()["title"] == "Nicht gefunden"


@pytest.mark.parametrize(
    ("language", "number", "day", "month"),
    [
        ("en", "12,345", "15 February 2028", "end of February 2028"),
        ("de", "12.345", "15. Februar 2028", "Ende Februar 2028"),
    ],
)
def test_numbers_and_days_are_written_as_the_reader_does(
    compiled: object, language: str, number: str, day: str, month: str
) -> None:
    with translation.override(language):
        assert grouped(12345) == number
        assert expiry_spoken(date(2028, 2, 15)) == day
        assert expiry_spoken(date(2028, 2, 29)) == month
