"""What a scene is, and the ledger that most of them grow from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.core.envelope import (
    statement_id,
)
from apps.core.statement import Statement
from tests.agreement.judging import Question
from tests.agreement.mutations import dumped
from tests.core.outside import small_ledger as cast

KEYS = ("genesis", "admit", "enrol")


@dataclass
class Scene:
    """Documents and texts that together are proven, and by what policy."""

    documents: list[Any]
    genesis_id: str = ""
    policy: bytes = cast.POLICY

    def question(self) -> Question:
        files = tuple(map(as_file, self.documents))
        return Question(files, self.policy, self.genesis_id)


def as_file(document: Any) -> bytes:
    """JSON as a file; bytes and texts as they are."""
    if isinstance(document, str):
        return document.encode()
    return document if isinstance(document, bytes) else dumped(document)


def grown(*later: tuple[str, Statement, tuple[str, ...]]) -> cast.Ledger:
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.seal()
    for name, statement, signers in later:
        ledger.append(name, statement, *signers)
    return ledger


def id_of(ledger: cast.Ledger) -> str:
    return statement_id(ledger.said["genesis"][0])


def proven(ledger: cast.Ledger, name: str = "last", keys: Any = KEYS) -> Scene:
    shown = [each for each in keys if each != name]
    return Scene([ledger.proof(name, keys=shown)], id_of(ledger))
