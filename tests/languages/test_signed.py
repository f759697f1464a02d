"""What is signed does not depend on the language of the page that shows it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from apps.core.statement import Statement, parse_statement
from apps.exchange import queries as exchange
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, Player
from tests.architecture.sources import ROOT, list_python, tree_of
from tests.languages.conftest import Reader
from tests.scan.packs import LOT, Chain

_SCOPE = {"lots": [LOT]}
_RECALL = {
    "kind": "recall.open",
    "gtin": AMOXIL.gtin,
    "scope": _SCOPE,
    "class": "II",
    "reason": "wrong leaflet",
    "instructions": "Quarantine and return.",
    "depth": "retail",
}


@dataclass(frozen=True)
class Said:
    """A draft, read: what would be signed, and the sentence beside it."""

    statement: Statement
    words: str


def draft(chain: Chain, player: Player, wish: dict[str, Any], language: str) -> Said:
    with translation.override(language):
        made = exchange.draft(wish=wish, actor=chain.actor(player), at=chain.stage.at)
    return Said(parse_statement(made.payload), made.words)


def _event(chain: Chain, step: str, player: Player, item: int) -> dict[str, Any]:
    return {
        "kind": "event",
        "step": step,
        "site": player.sites[0].gln,
        "items": [chain.epc(item)],
    }


def _wishes(chain: Chain) -> list[tuple[Player, dict[str, Any]]]:
    return [
        (STELLA, _event(chain, "dispense", STELLA, 0)),
        (STELLA, _event(chain, "hold", STELLA, 0)),
        (NOVAMED, _event(chain, "destroy", NOVAMED, 11)),
        (NOVAMED, _RECALL),
    ]


def test_the_same_wish_is_signed_in_the_same_words(
    chain: Chain, compiled: Path
) -> None:
    for player, wish in _wishes(chain):
        english = draft(chain, player, wish, "en")
        german = draft(chain, player, wish, "de")

        assert german.statement.meaning == english.statement.meaning
        assert german.statement.body == english.statement.body
        assert german.statement.subjects == english.statement.subjects
        assert german.words != english.words


def test_the_machine_door_says_the_sentence_as_the_reader_asks(
    german: Reader, chain: Chain
) -> None:
    client = german(STELLA)
    wish = _event(chain, "dispense", STELLA, 0)

    answers = {
        language: client.post(
            "/api/v1/drafts",
            wish,
            content_type="application/json",
            headers={"Accept-Language": language, "Accept": "application/json"},
        ).json()
        for language in ("de", "en", "")
    }

    assert answers["de"]["words"].endswith("gibt 1 Packung (1 der Charge A123) ab.")
    assert answers["en"]["words"].endswith("supplies 1 pack (1 of lot A123).")
    assert answers[""]["words"] == answers["en"]["words"]


def _meanings() -> Iterator[str]:
    """Every meaning that the sources can put into a statement."""
    for path in list_python("apps"):
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.keyword) and node.arg == "meaning":
                yield from _marked(node.value)
            elif isinstance(node, ast.AnnAssign):
                name = node.target.id if isinstance(node.target, ast.Name) else ""
                if name.startswith("_MEANINGS") and node.value:
                    yield from _marked(node.value)


def _marked(value: ast.expr) -> Iterator[str]:
    for node in ast.walk(value):
        name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name == "gettext_noop":
            yield ast.literal_eval(node.args[0])


def test_scripts_find_every_meaning_in_the_language_of_the_page() -> None:
    page = (ROOT / "templates/_meanings.html").read_text(encoding="utf-8")
    meanings = set(_meanings())

    assert len(meanings) > 20
    assert [
        meaning
        for meaning in sorted(meanings)
        if f'<p data-text="{meaning}">{{% translate "{meaning}" %}}</p>' not in page
    ] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_draft_takes_its_meaning_from_the_page(
    chain: Chain, compiled: Path, language: str
) -> None:
    known = set(_meanings())

    for player, wish in _wishes(chain):
        assert draft(chain, player, wish, language).statement.meaning in known
