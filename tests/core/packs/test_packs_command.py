"""pharmatrace-verify on the proof of a pack, and on its code."""

import copy

import pytest

from apps.core.outside import verify as command
from apps.core.packproof import parse_pack_proof
from tests.core.outside.small_ledger import AT, dumped
from tests.golden.pack_codes import policies
from tests.golden.pack_files import file_with_history
from tests.golden.pack_ledger import (
    POLICY,
    code_of,
    genesis_id,
    key_statements,
    ledger_of,
    pack_file,
)

LEDGER = ledger_of()
FILE = file_with_history(LEDGER)
CODE = code_of(pack_file(LEDGER)).format()
MINUTE = 60_000


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the command on these documents, 100 s after the ledger's time."""
    monkeypatch.setattr(command, "_now_ms", lambda: AT + 100_000)

    def run_on(*documents, genesis="", policy=POLICY):
        (tmp_path / "policy").write_text(policy)
        names = []
        for number, document in enumerate(documents):
            name = tmp_path / str(number)
            is_text = isinstance(document, str)
            name.write_bytes(document.encode() if is_text else dumped(document))
            names.append(str(name))
        more = ("--genesis", genesis) if genesis else ()
        return command.run([*names, "--policy", str(tmp_path / "policy"), *more])

    return run_on


def marks(text):
    return [line[:6].strip() for line in text.splitlines()[:-1]]


def test_a_pack_is_shown_by_its_file_from_genesis_on(run, capsys):
    assert run(FILE, genesis=genesis_id(LEDGER)) == 0

    out = capsys.readouterr().out
    steps = (*range(1, 11), 10, 12)
    assert marks(out) == [
        *(f"{step}. ok" for step in steps),
        *("13. --", "13. ok", "13. ok"),
        *("14. ok", "14. ok"),
    ]
    assert "serial S2: pack 2 of 3 of that lot" in out
    assert "shipping by wholesaler, DE: said by the site, not proven to you" in out
    assert "shipping by 9521568000017, accepted 2026-03-02T09:00:00.400Z" in out
    assert "sampling by 9521568000017, accepted 2026-03-02T09:00:00.500Z" in out
    assert "a quorum had seen the head at 2026-03-02T09:01:00.000Z" in out
    assert "by this machine's clock that is 40 second(s) ago" in out


def test_without_genesis_nothing_is_shown_of_who_signed(run, capsys):
    bare = {**FILE, "statement": {**FILE["statement"], "keys": []}}
    assert run(bare) == 0

    out = capsys.readouterr().out
    assert marks(out)[-5:] == ["13. --", "13. --", "13. --", "14. ok", "14. ok"]
    assert "4. --" in out


@pytest.mark.parametrize("ahead", ["", "https://trace.example/check#", "\n "])
def test_a_pack_is_shown_by_its_code_alone(run, capsys, ahead):
    assert run(f"{ahead}{CODE}\n") == 0

    out = capsys.readouterr().out
    assert [line for line in marks(out) if not line.endswith("ok")] == [
        "4. --",
        "10. --",
    ]
    assert "GTIN 09521568251204, lot A123, expiry 2028-02-29, serial S2" in out


def test_files_of_their_own_show_whose_key_a_code_brings(run, capsys):
    assert run(CODE, *key_statements(LEDGER), genesis=genesis_id(LEDGER)) == 0
    assert "of 9521568000017 (signer)" in capsys.readouterr().out

    assert run(CODE, *key_statements(LEDGER)[:2], genesis=genesis_id(LEDGER)) == 1
    assert "step 4 failed" in capsys.readouterr().err


def test_a_code_and_a_file_are_checked_side_by_side(run, capsys):
    assert run(CODE, FILE) == 0
    assert capsys.readouterr().out.count("12. ok") == 2


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (CODE[:-1], "step 1 failed: "),
        (CODE.replace("1", "2"), "step 1 failed: "),
        ({**FILE, "format": "pharmatrace-pack/v2"}, "step 1 failed: "),
        (
            {**FILE, "pack": {**FILE["pack"], "lot": "B"}},
            "step 12 failed: pack: other pack",
        ),
        ({**FILE, "pack": {**FILE["pack"], "serial": "S1"}}, "step 12 failed"),
        ({**FILE, "history": FILE["history"][::-1]}, "step 13 failed"),
    ],
)
def test_what_does_not_hold_names_its_step(run, capsys, document, said):
    assert run(document) == 1
    assert capsys.readouterr().err.startswith(said)


@pytest.mark.parametrize(
    ("now_ms", "said"),
    [
        (AT + 60_000, "ok  by this machine's clock that is 0 second(s) ago"),
        (AT + 60_000 + 3 * MINUTE, "3 minute(s) ago"),
        (AT + 60_000 + 200 * MINUTE, "3 hour(s) ago"),
        (AT + 60_000 + 3_000 * MINUTE, "2 day(s) ago"),
        (AT + 60_000 - 5 * MINUTE, "ok  by this machine's clock that is 0 second(s)"),
        (AT + 60_000 - 5 * MINUTE - 1, "!!  by this machine's clock that is to come"),
    ],
)
def test_the_age_of_a_head_is_told_by_this_machine_s_clock(
    run, capsys, monkeypatch, now_ms, said
):
    monkeypatch.setattr(command, "_now_ms", lambda: now_ms)

    assert run(CODE) == 0
    assert said in capsys.readouterr().out


def test_who_asks_for_no_witness_is_told_no_age(run, capsys):
    assert run(CODE, policy=policies()["no witness is asked for"]) == 0

    out = capsys.readouterr().out
    assert "14. --  no witness is asked for" in out
    assert "clock" not in out


def test_a_step_of_history_holds_for_its_own_reasons(run, capsys):
    changed = copy.deepcopy(FILE)
    changed["history"][1]["proof"]["leaves"][0]["salt"] = "A" * 43 + "="

    assert run(changed) == 1
    assert "step 13 failed: leaves[0]: commitment differs" in capsys.readouterr().err


def test_a_pack_proof_without_history_is_whole():
    assert parse_pack_proof(dumped(pack_file(LEDGER))).history == ()
