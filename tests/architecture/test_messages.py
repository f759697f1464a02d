"""Messages are wake-ups: the relay alone publishes them, after the row is committed."""

import ast

import pytest

from tests.architecture.sources import ROOT, list_python, tree_of

_RELAY = "apps/jobs/tasks.py"
_PUBLISHING = {"send_task", "apply_async", "delay"}
# These publish after the commit: with the broker down, a row without its wake-up and
# an error page for work that is on record.
_NEVER = {"delay_on_commit", "apply_async_on_commit"}


def _uses(names: set[str]) -> set[str]:
    """Files that name one of `names` as an attribute or by itself."""
    return {
        str(path.relative_to(ROOT))
        for folder in ("apps", "pharmatrace")
        for path in list_python(folder)
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.Attribute) and node.attr in names)
        or (isinstance(node, ast.Name) and node.id in names)
    }


def test_the_relay_alone_publishes():
    assert _uses(_PUBLISHING) == {_RELAY}


def test_nothing_is_published_on_commit():
    assert _uses(_NEVER) == set()


@pytest.mark.parametrize("module", ["kombu", "celery"])
def test_doors_and_operations_know_no_broker(module: str):
    """Whoever cannot reach the broker cannot wait for it."""
    users = {
        str(path.relative_to(ROOT))
        for path in list_python("apps")
        for node in ast.walk(tree_of(path))
        if (isinstance(node, ast.ImportFrom) and (node.module or "").startswith(module))
        or (
            isinstance(node, ast.Import)
            and any(alias.name.startswith(module) for alias in node.names)
        )
    }

    assert {user for user in users if not user.endswith("/tasks.py")} == set()
