"""Headers of every answer, through the whole middleware stack."""

from django.test import Client

from tests.edge.test_doors import door, pytestmark

__all__ = ["door", "pytestmark"]


def test_answers_are_private_and_locked_down_unless_a_view_says_otherwise(door: Client):
    response = door.get("/plain")

    assert response["Cache-Control"] == "private, no-store"
    assert response["Permissions-Policy"].startswith("camera=(self), ")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in f"{policy};"
    assert "unsafe" not in policy


def test_only_a_view_that_asks_may_compile_webassembly(door: Client):
    policy = door.get("/scanning")["Content-Security-Policy"]

    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
