"""One question to both verifiers, and what may differ in their answers: nothing but words.

The command `pharmatrace-verify` is asked in process, the modules by the engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from typing import Any

import pytest

from apps.core.errors import TraceError
from apps.core.outside import verify as command
from tests.agreement.engine import Engine, b64

NOW_MS = 1_772_445_600_000
POLICY = "policy"
# What is told in the words of another library there: of Python's readers of JSON and
# base64, of OpenSSL.
_FREE_WORDS = {
    "not_json": ("got",),
    "bad_base64": ("wanted",),
    "bad_key": ("got", "wanted"),
}


@dataclass(frozen=True)
class Question:
    """Files of evidence, the policy that judges them, and the id of genesis."""

    files: tuple[bytes, ...]
    policy: bytes
    genesis_id: str = ""


@dataclass
class Answer:
    """What was found, and how it ended: step, code, field, got, wanted, or nothing."""

    findings: list[list[Any]]
    failure: dict[str, Any] | None

    def comparable(self) -> tuple[Any, ...]:
        failure = self.failure and comparable_refusal(self.failure)
        return [_stable(each) for each in self.findings], failure


def _stable(finding: Sequence[Any]) -> list[Any]:
    step, text, *marks = finding
    # Several heads stand in the order of a set.
    return [step, sorted(text.split(" and ")) if step == 8 else text, *marks]


def comparable_refusal(failure: dict[str, Any]) -> dict[str, Any]:
    """A refusal without the words that are another library's there."""
    kept = {name: each for name, each in failure.items() if name != "family"}
    free = _FREE_WORDS.get(kept["code"], ())
    if kept["field"].endswith("packed_payload"):
        free = ("got", "wanted")  # of zlib
    return {name: each for name, each in kept.items() if name not in free}


def ask_python(question: Question) -> Answer:
    """What the command says."""
    files = {str(number): data for number, data in enumerate(question.files)}
    findings: list[list[Any]] = []

    def show(found: Sequence[Any]) -> None:
        for each in found:
            findings.append([each.step, each.text, each.is_shown, each.is_doubtful])

    arguments = [*files, "--policy", POLICY, "--genesis", question.genesis_id]
    with redirect_stdout(StringIO()), pytest.MonkeyPatch.context() as patch:
        patch.setattr(command, "_show", show)
        patch.setattr(command, "_now_ms", lambda: NOW_MS, raising=False)
        patch.setattr(
            command, "read_input", {**files, POLICY: question.policy}.__getitem__
        )
        try:
            command._main(arguments)
        except TraceError as error:
            return Answer(findings, refusal_of(error))
    return Answer(findings, None)


def refusal_of(error: TraceError) -> dict[str, Any]:
    """The fields of a refusal, as the engine tells them."""
    return {
        "step": getattr(error, "step", 0),
        "code": error.code,
        "field": error.field,
        "got": error.got,
        "wanted": error.wanted,
    }


def ask_browser(engine: Engine, question: Question) -> Answer:
    """What the modules say."""
    said = engine.ask(
        "verify",
        inputs=[
            {"name": str(number), "data": b64(data)}
            for number, data in enumerate(question.files)
        ],
        policy={"name": POLICY, "data": b64(question.policy)},
        genesisId=question.genesis_id,
        nowMs=NOW_MS,
    )
    return Answer(said["findings"], said["failure"])


def assert_agreed(engine: Engine, question: Question, what: str = "") -> Answer:
    """Both say the same; the answer is returned."""
    wanted, got = ask_python(question), ask_browser(engine, question)
    assert got.comparable() == wanted.comparable(), what
    return wanted
