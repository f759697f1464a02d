"""What a refusal got is shown as it came, less what deceives the eye."""

import pytest

from apps.core.errors import MalformedInput, shown


@pytest.mark.parametrize("text", ["Müller", "ΑΒΓ", "咳止め", "1 200 µg…", 'a"b', "é"])
def test_letters_are_shown_as_they_are(text: str) -> None:
    assert shown(text) == text


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("a\tb\n", "a\\tb\\n"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x1d", "\\x1d"),
        ("\x85", "\\x85"),
        ("\u202e123", "\\u202e123"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u2028b", "a\\u2028b"),
        ("a\u00a0b", "a\\xa0b"),
        ("\ud800", "\\ud800"),
        ("\ue000", "\\ue000"),
        ("\\x1b", "\\\\x1b"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_deceives_the_eye_is_escaped(text: str, want: str) -> None:
    assert shown(text) == want


def test_a_long_text_is_cut() -> None:
    assert shown("ü" * 200) == f"{'ü' * 120}… (200 characters)"


def test_a_refusal_holds_the_letters() -> None:
    error = MalformedInput("bad_word", field="name", got="Käse\u202e", wanted="x")

    assert error.got == "Käse\\u202e"
    assert "got Käse\\u202e" in str(error)
