"""/health: one line a part, and 503 as soon as one is unwell."""

import pytest
from django.db import DatabaseError
from django.test import Client

from apps.edge import health
from apps.edge.health import Line

pytestmark = pytest.mark.django_db


@pytest.fixture
def checks(monkeypatch):
    only = {"database": health._CHECKS["database"]}
    monkeypatch.setattr(health, "_CHECKS", only)
    return only


def test_every_part_well_is_200(checks):
    response = Client().get("/health")

    assert response.status_code == 200
    assert response.json()["status"] == "pass"
    assert response.json()["checks"]["database"]["status"] == "pass"


def test_one_part_unwell_is_503_with_the_same_lines(checks):
    health.register_check("log", lambda at: Line(is_well=False, detail="1 of 2"))

    response = Client().get("/health")

    assert response.status_code == 503
    assert response.json()["checks"]["log"] == {"status": "fail", "detail": "1 of 2"}
    assert response.json()["checks"]["database"]["status"] == "pass"


def test_a_check_that_breaks_is_unwell_and_tells_no_secret(checks):
    def broken(at):
        raise DatabaseError("password=hunter2")

    health.register_check("log", broken)
    response = Client().get("/health")

    assert response.status_code == 503
    assert response.json()["checks"]["log"]["detail"] == "no answer"


def test_health_only_reads():
    assert Client().post("/health").status_code == 405
