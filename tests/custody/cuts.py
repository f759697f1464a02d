"""Partitions that are cut and taken out within a test's own transaction."""

import pytest

from apps.custody.operations import detaching, partitions


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys of this test's own transaction are looked at before a table is altered."""
    run = partitions.run

    def settling(*statements: str) -> None:
        run(
            "SET CONSTRAINTS ALL IMMEDIATE", *statements, "SET CONSTRAINTS ALL DEFERRED"
        )

    for each in (partitions, detaching):
        monkeypatch.setattr(each, "run", settling)


@pytest.fixture
def take_out(settled: None, monkeypatch: pytest.MonkeyPatch):
    """Takes the lots that there are out of the tables, in a part of their own."""
    monkeypatch.setattr(partitions, "MARGIN", 1)

    def out() -> None:
        partitions.cut()
        detaching.detach(1)

    return out
