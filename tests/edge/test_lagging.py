"""Doors that may lag: what breaks on the replica, and who has written."""

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from apps.core.errors import MalformedInput
from apps.edge import positions, replica
from apps.edge.lagging import OwnWritesMiddleware, may_lag
from apps.edge.replica import PRIMARY, Source


@pytest.fixture
def lagging(monkeypatch) -> list[str]:
    """As if there were a replica, one second old; why it was left alone."""
    left: list[str] = []
    one_second = Source(replica.REPLICA, 1.0)
    monkeypatch.setattr(replica, "is_configured", lambda: True)
    monkeypatch.setattr(replica, "choose", lambda *, who: one_second)
    monkeypatch.setattr(replica, "leave_alone", left.append)
    return left


@may_lag
def page(request: HttpRequest) -> HttpResponse:
    """Breaks on the replica where the request says so."""
    source = replica.current()
    if source is not PRIMARY and "broken" in request.GET:
        raise OperationalError("server closed the connection")
    if "refused" in request.GET:
        raise MalformedInput("bad_text", got="x", wanted="y")
    return HttpResponse(source.alias)


def test_a_replica_that_fails_in_the_middle_of_a_page_costs_no_answer(
    monkeypatch, rf, lagging
):
    monkeypatch.setattr(replica, "has_failed", lambda: True)

    fine, broken = page(rf.get("/")), page(rf.get("/?broken"))

    assert (fine.content, fine["X-Read-Source"]) == (b"replica", "replica; age=1.0")
    assert (broken.content, broken["X-Read-Source"]) == (b"default", "primary")
    assert lagging == ["failed (OperationalError)"]
    assert replica.current() is PRIMARY


def test_an_error_that_is_not_the_replicas_is_not_hidden(monkeypatch, rf, lagging):
    monkeypatch.setattr(replica, "has_failed", lambda: False)

    with pytest.raises(OperationalError):
        page(rf.get("/?broken"))
    with pytest.raises(MalformedInput):
        page(rf.get("/?refused"))

    assert lagging == []
    assert replica.current() is PRIMARY


@pytest.mark.parametrize(("method", "noted"), [("POST", 1), ("DELETE", 1), ("GET", 0)])
def test_where_somebody_wrote_is_noted_after_the_answer(
    monkeypatch, rf, lagging, method, noted
):
    seen: list[str] = []

    def remember(*, who: str) -> None:
        seen.append(who)

    monkeypatch.setattr(positions, "remember", remember)
    door = OwnWritesMiddleware(lambda request: HttpResponse())

    door(rf.generic(method, "/", headers={"Authorization": "Bearer pt_secret"}))

    assert len(seen) == noted
    assert "secret" not in "".join(seen)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("age", "said"),
    [(0.0, ""), (0.2, "at most 1 second ago"), (3.4, "at most 4 seconds ago")],
)
def test_a_page_says_how_old_it_may_be_also_on_paper(rf, age, said):
    with replica.reading_from(Source(age_seconds=age)):
        foot = render_to_string("_footer.html", request=rf.get("/recalls"))

    assert said in foot
    assert ("shown as it was" in foot) is bool(said)
