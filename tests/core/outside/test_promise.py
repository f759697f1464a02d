"""What a receipt promised is looked for in the log."""

import pytest

from apps.core.envelope import envelope_json, statement_id
from apps.core.receipt import build_receipt
from tests.core.outside import small_ledger as cast
from tests.core.outside.test_verify import LEDGER, PROOF, failed_step, room, run

__all__ = ["room"]


def test_a_promise_is_judged_by_the_log(room, capsys):
    kept = LEDGER.receipt("commission")
    assert run(room, PROOF, {"statement_id": "x", "receipt": envelope_json(kept)}) == 0
    assert "was kept" in capsys.readouterr().out

    assert run(room, PROOF, envelope_json(LEDGER.receipt("enrol"))) == 0
    assert "which no file here proves" in capsys.readouterr().out

    bare = LEDGER.proof("commission")
    assert run(room, bare, envelope_json(kept), genesis="") == 0
    assert "11. --" in capsys.readouterr().out

    foreign = LEDGER.receipt("commission", signer="mallory")
    assert run(room, PROOF, envelope_json(foreign)) == 1
    assert failed_step(capsys) == 11

    late = cast.Ledger()
    late.append("commission", cast.commission(), "nils", accepted_ms=cast.AT - 1)
    late.close()
    assert run(room, PROOF, envelope_json(late.receipt("commission"))) == 1
    assert failed_step(capsys) == 11


@pytest.mark.parametrize(
    ("accepted_ms", "code"),
    [(cast.AT - 59_000, 0), (cast.AT - 59_001, 1), (cast.AT - 300_000, 1)],
)
def test_a_promise_is_kept_within_its_minute(room, capsys, accepted_ms, code):
    ledger = cast.Ledger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("last", cast.enrol(), "nora", "nils", accepted_ms=accepted_ms)
    ledger.close()
    said = ledger.proof("last", keys=("genesis", "admit"))

    assert run(room, said, envelope_json(ledger.receipt("last"))) == code
    assert (code == 0) or "step 11 failed: leaves[0]: promise late" in (
        capsys.readouterr().err
    )


def test_a_receipt_is_of_the_ledger_that_kept_it(room, capsys):
    envelope, accepted_ms, first, _ = LEDGER.said["commission"]
    foreign = build_receipt(
        ledger="other.example/log",
        statement_id=statement_id(envelope),
        accepted_ms=accepted_ms,
        commitments=[LEDGER.leaves[first].commitment],
        key=cast.key("receipts"),
    )

    assert run(room, PROOF, envelope_json(foreign)) == 1
    assert "step 11 failed: other ledger" in capsys.readouterr().err
