"""A proof code that holds, as a question to both verifiers."""

from __future__ import annotations

from tests.agreement.judging import Question
from tests.golden.pack_ledger import POLICY, code_of, ledger_of, pack_file


def plain_code() -> Question:
    """One code, judged by two of three witnesses."""
    code = code_of(pack_file(ledger_of()))
    return Question((code.format().encode(),), POLICY.encode())
