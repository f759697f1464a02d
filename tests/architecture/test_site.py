"""The site as a whole: settings documented, migrations whole, deployment safe."""

import ast
import os
import subprocess
import sys
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.utils.functional import Promise

from apps.edge.append_only import AppendOnly, list_protected
from apps.partners.models import LicenceRole, MemberRole
from tests.architecture import error_table
from tests.architecture.sources import ROOT, tree_of

_READERS = {"text", "texts", "flag", "number", "path", "required", "secret"}
_READERS |= {"database", "email", "pairs"}


def _variables() -> set[str]:
    """The names of the environment that settings.py reads."""
    return {
        node.args[0].value
        for node in ast.walk(tree_of(ROOT / "pharmatrace/settings.py"))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _READERS
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def _manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


_PRODUCTION = {
    "SITE_URL": "https://trace.example",
    "SECRET_KEY": "4VqLdB-7kR2nXw9TzPc8mJ5yHs3fGa6eUo1iQbN0tYvZxCr_KpDlWj",
    "LEDGER_ORIGIN": "trace.example/log",
}


def test_every_variable_is_documented():
    documented = (ROOT / "docs/operations.md").read_text(encoding="utf-8")

    assert len(_variables()) > 20
    assert {name for name in _variables() if f"`{name}`" not in documented} == set()


@pytest.mark.parametrize("missing", ["SECRET_KEY", "LEDGER_ORIGIN"])
def test_production_refuses_to_start_without(missing: str, tmp_path):
    given = {name: value for name, value in _PRODUCTION.items() if name != missing}

    ran = _manage("check", VAR_DIR=str(tmp_path), **given)

    assert ran.returncode == 1
    assert f"{missing} must be set" in ran.stderr
    assert not (tmp_path / "secrets").exists()


def test_deployment_checks_are_clean(tmp_path):
    ran = _manage(
        "check", "--deploy", "--fail-level", "WARNING",
        VAR_DIR=str(tmp_path), **_PRODUCTION,
    )  # fmt: skip

    assert (ran.returncode, ran.stderr) == (0, "")


def test_with_no_environment_secrets_are_made_once_and_kept_private(tmp_path):
    code = "from django.conf import settings; print(settings.SECRET_KEY)"
    keys = [
        _manage("shell", "--no-imports", "-c", code, VAR_DIR=str(tmp_path)).stdout
        for _ in range(2)
    ]
    kept = tmp_path / "secrets" / "django_secret_key"

    assert len(keys[0].strip()) >= 64
    assert keys[0] == keys[1]
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [None, 0o755])
def test_what_is_written_is_for_its_owner_alone(tmp_path, mode: int | None):
    folder = tmp_path / "var"
    if mode is not None:
        folder.mkdir(mode)

    ran = _manage("check", VAR_DIR=str(folder))

    assert ran.returncode == 0, ran.stderr
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.django_db
def test_no_migration_is_missing():
    said = StringIO()
    call_command("makemigrations", "--check", "--dry-run", stdout=said)

    assert said.getvalue().strip() == "No changes detected"


@pytest.mark.django_db
def test_every_table_declared_append_only_is_protected_after_all_migrations(request):
    if request.config.getoption("nomigrations"):
        return
    loader = MigrationLoader(connection)
    declared = {
        operation.table
        for migration in loader.disk_migrations.values()
        for operation in migration.operations
        if isinstance(operation, AppendOnly)
    }

    assert declared
    assert declared - list_protected(connection) == set()


def test_the_browser_parts_are_pinned_exactly():
    import json

    wanted = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))

    assert all(version[0].isdigit() for version in wanted["dependencies"].values())


def test_every_error_code_is_documented_in_a_sentence():
    documented = error_table.read_sentences(error_table.written())
    raised = error_table.read_sentences(error_table.table({}))

    assert raised.keys() - documented.keys() == set(), "run: make errors"
    assert documented.keys() - raised.keys() == set(), "run: make errors"
    assert {code for code, sentence in documented.items() if not sentence} == set()


def test_the_roles_that_pages_show_are_marked_for_translation():
    roles = [*LicenceRole, *MemberRole]

    assert [role for role in roles if not isinstance(role.label, Promise)] == []
