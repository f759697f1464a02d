"""Every sentence of the site has its German, with the same places to fill in."""

import re
from collections import Counter

import pytest
from babel.messages import Catalog, Message

from tests.languages.catalogue import extract, list_sentences, read_german

# %(name)s, %d, the %what of scripts (doubled in templates), {name}
_PLACES = re.compile(r"%\(\w+\)[sd]|%%?[a-z]+|\{\w*\}")


@pytest.fixture(scope="module")
def fresh() -> Catalog:
    return extract()


@pytest.fixture(scope="module")
def german() -> Catalog:
    return read_german()


def texts(said: str | tuple[str, ...] | list[str]) -> list[str]:
    """The forms of a sentence: one, or singular and plural."""
    return [said] if isinstance(said, str) else list(said)


def places(text: str) -> Counter[str]:
    return Counter(_PLACES.findall(text))


def is_translated(message: Message | None) -> bool:
    return bool(message and not message.fuzzy and all(texts(message.string)))


def test_every_sentence_of_the_sources_has_its_german(
    fresh: Catalog, german: Catalog
) -> None:
    missing = [
        message.id
        for message in list_sentences(fresh)
        if not is_translated(german.get(message.id, message.context))
    ]

    assert missing == [], "run make catalogue, then translate what is empty"


def test_the_extraction_finds_templates_modules_plurals_and_contexts(
    fresh: Catalog,
) -> None:
    assert len(list_sentences(fresh)) > 1000
    assert fresh.get("Skip to content") is not None
    assert fresh.get("%(who)s ships %(what)s to %(to)s.") is not None
    assert fresh.get(("%(size)s entry", "%(size)s entries")) is not None
    assert fresh.get("Open", "state") is not None


def test_the_catalogue_holds_nothing_that_is_gone(
    fresh: Catalog, german: Catalog
) -> None:
    gone = [
        message.id
        for message in list_sentences(german)
        if fresh.get(message.id, message.context) is None
    ]

    assert gone == [], "run make catalogue"
    assert not german.obsolete


def test_every_translation_fills_in_the_same_places(german: Catalog) -> None:
    wrong = [
        (message.id, message.string)
        for message in list_sentences(german)
        for wanted, got in _forms(message)
        if places(wanted) != places(got)
    ]

    assert wrong == []


def _forms(message: Message) -> list[tuple[str, str]]:
    """Each German form beside the English one that it stands for."""
    return list(zip(texts(message.id), texts(message.string), strict=True))


def test_the_german_is_sober_and_formal(german: Catalog) -> None:
    familiar = re.compile(r"!|\b([Dd]u|[Dd]ein\w*|[Dd]ich|[Dd]ir|[Ee]uer|[Ee]uch)\b")
    wrong = [
        text
        for message in list_sentences(german)
        for text in texts(message.string)
        if familiar.search(text)
    ]

    assert wrong == []
