from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from apps.ledger.models import Statement
from tests.cast import Stage, keyring, ledger

__all__ = ["keyring", "ledger"]


def test_the_demo_is_loaded_once_and_explained_at_every_start(
    db: None,
    settings: object,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("DEMO_KEYS_DIR", "LOG_DIR"):
        setattr(settings, name, tmp_path / name)
    settings.LOCK_STORE = tmp_path / "lock"  # type: ignore[attr-defined]

    call_command("demo", "--if-empty", skip_checks=True)
    said, written = capsys.readouterr().out, Statement.objects.count()
    call_command("demo", "--if-empty", skip_checks=True)

    assert Statement.objects.count() == written
    assert "stella@stella.example" in said
    assert capsys.readouterr().out == said.partition("seconds.\n")[2]
    key = tmp_path / "DEMO_KEYS_DIR" / "stella" / "stella.pem"
    assert key.stat().st_mode & 0o777 == 0o600


def test_the_demo_wants_an_empty_ledger(ledger: Stage) -> None:
    with pytest.raises(CommandError, match="a ledger already"):
        call_command("demo", skip_checks=True)


def test_a_ledger_of_ones_own_is_left_alone(
    ledger: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("demo", "--if-empty", skip_checks=True)

    assert Statement.objects.count() == 1
    assert capsys.readouterr().out == ""
