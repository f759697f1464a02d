"""An address that does not do that says what it takes."""

from django.test import Client


def test_a_person_reads_what_the_address_takes(db):
    answer = Client().get("/organisation/tokens", headers={"Accept": "text/html"})

    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "This address takes POST, not GET." in answer.content.decode()


def test_a_machine_reads_a_problem(db):
    answer = Client().post("/health", headers={"Accept": "application/json"})

    assert answer.status_code == 405
    assert answer.json()["code"] == "method_not_allowed"
    assert "GET" in answer["Allow"]
