"""What became of a promise, told from the public log: kept, late, dropped, or open."""

import json

import pytest

from apps.core.envelope import envelope_json
from apps.core.outside import monitor, verify
from apps.core.receipt import build_receipt
from apps.core.windowbuild import build_window
from tests.core.outside import small_ledger as cast
from tests.core.outside.public_log import files_of, serving_files, write
from tests.core.outside.test_verify import GENESIS_ID, failed_step

GENESIS = envelope_json(cast.small_ledger().said["genesis"][0])
MINUTE = 60_000


def receipt_for(
    *commitments, accepted_ms=cast.AT, ledger=cast.ORIGIN, signer="receipts"
):
    return build_receipt(
        ledger=ledger,
        statement_id="ab" * 32,
        accepted_ms=accepted_ms,
        commitments=commitments,
        key=cast.key(signer),
    )


class Busy(cast.Ledger):
    """Genesis, then runs of other people's statements, each at its own time."""

    def __init__(self):
        super().__init__(time_ms=cast.AT - 600_000)
        self.append("genesis", cast.genesis(), "operator", "regulator", accepted_ms=1)
        self.seal()

    def run(self, time_ms, *commitments):
        self.time_ms = time_ms
        for number, each in enumerate(commitments):
            tag = cast.fixed(f"tag {time_ms} {number}")
            self._leaf(cast.LeafType.GOODS, tag, each)
        self.seal()
        return self

    def shown(self, seconds=cast.AT // 1000):
        self.sign()
        head = cast.Checkpoint(cast.ORIGIN, self.tree.size, self.tree.root())
        signers = (cast.LOG, cast.WITNESS)
        note = cast.sign_checkpoint(head, signers, time_seconds=seconds)
        self.note = note.format()
        return self


OURS = [cast.fixed("ours"), cast.fixed("ours too")]
OTHERS = [cast.fixed("theirs")]


def busy(*runs, seconds=cast.AT // 1000):
    """A log of these runs: (seconds after acceptance, commitments)."""
    log = Busy()
    for after, *commitments in runs:
        log.run(cast.AT + after * 1000, *commitments)
    return log.shown(seconds)


@pytest.fixture
def judge(tmp_path, capsys):
    """Fetch the window over HTTP, then check it offline; exit code and what was said."""
    (tmp_path / "policy").write_bytes(cast.POLICY)
    (tmp_path / "genesis").write_bytes(cast.dumped(GENESIS))
    folder = tmp_path / "log"

    def fetched(log, receipt):
        (tmp_path / "receipt").write_bytes(
            cast.dumped({"receipt": envelope_json(receipt)})
        )
        for name, data in files_of([leaf.encode() for leaf in log.leaves]).items():
            write(folder, name, data)
        write(folder, "checkpoint", log.note)
        with serving_files(folder) as url:
            code = monitor.run(
                [
                    url,
                    "--policy",
                    f"{tmp_path}/policy",
                    "--receipt",
                    f"{tmp_path}/receipt",
                ]
            )
        out, err = capsys.readouterr()
        return code, out, err

    def judged(log, receipt, *, change=None, rooted=True):
        code, out, err = fetched(log, receipt)
        assert code == 0, err
        window = json.loads(out)
        (tmp_path / "window").write_text(json.dumps({**window, **(change or {})}))
        names = ["receipt", "window", *(["genesis"] if rooted else [])]
        more = ["--genesis", GENESIS_ID] if rooted else []
        code = verify.run(
            [
                *(str(tmp_path / name) for name in names),
                "--policy",
                f"{tmp_path}/policy",
                *more,
            ]
        )
        return code, window

    judged.fetched = fetched
    return judged


BEFORE = (-30, *OTHERS)
BEHIND = (61, *OTHERS)


def test_a_kept_promise_is_found_in_the_log(judge, capsys):
    code, window = judge(
        busy(BEFORE, (5, *OTHERS), (9, *OURS), BEHIND), receipt_for(*OURS)
    )

    assert code == 0
    out = capsys.readouterr().out
    assert "11. ok  the receipt for abab" in out
    assert "all leaves from index" in out
    # Nothing is fetched but what the minute needs.
    assert window["first"] > 1


@pytest.mark.parametrize("found", [(), (OURS[0],), (OURS[1],)])
def test_a_dropped_statement_is_proven_dropped(judge, capsys, found):
    log = busy(BEFORE, (5, *OTHERS), *([(9, *found)] if found else []), BEHIND)
    code, _ = judge(log, receipt_for(*OURS))

    assert code == 1
    err = capsys.readouterr().err
    missing = 1 if found == (OURS[0],) else 0
    assert err.startswith(f"step 11 failed: commitments[{missing}]: promise dropped")
    assert "by 2026-03-02T09:01:00.000Z" in err


def test_a_log_in_which_nothing_came_in_that_minute_dropped_it_too(judge, capsys):
    code, _ = judge(busy(BEFORE, BEHIND), receipt_for(*OURS))

    assert code == 1
    assert "promise dropped" in capsys.readouterr().err


@pytest.mark.parametrize(("after", "code"), [(60, 0), (61, 1)])
def test_a_statement_that_came_late_is_late(judge, capsys, after, code):
    log = busy(BEFORE, (after, *OURS), (90, *OTHERS))

    assert judge(log, receipt_for(*OURS))[0] == code
    assert ("promise late" in capsys.readouterr().err) == bool(code)


def test_what_came_after_the_first_later_run_was_dropped(judge, capsys):
    code, _ = judge(busy(BEFORE, BEHIND, (90, *OURS)), receipt_for(*OURS))

    assert code == 1
    assert "promise dropped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "mark"), [(0, "11. --"), (60, "11. --"), (61, "11. !!")]
)
def test_until_the_log_has_come_to_its_time_it_is_open(judge, capsys, seconds, mark):
    log = busy(BEFORE, (5, *OTHERS), seconds=cast.AT // 1000 + seconds)

    assert judge(log, receipt_for(*OURS))[0] == 0
    line = next(line for line in capsys.readouterr().out.splitlines() if "11." in line)
    assert line.startswith(mark)
    assert "is open" in line
    assert ("a quorum saw it so at 2026-03-02T09:01:01.000Z" in line) == (seconds > 60)


def test_a_receipt_of_nobody_known_accuses_nobody(judge, capsys):
    log = busy(BEFORE, BEHIND)

    assert judge(log, receipt_for(*OURS), rooted=False)[0] == 0
    assert "nothing shows whose receipt it is" in capsys.readouterr().out
    assert judge(log, receipt_for(*OURS, signer="mallory"))[0] == 1
    assert "step 11 failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (lambda w: {"leaves": w["leaves"][1:], "first": w["first"] + 1}, 7),
        (lambda w: {"leaves": w["leaves"][:-1]}, 7),
        (lambda w: {"leaves": [*w["leaves"][:2], w["leaves"][0], *w["leaves"][3:]]}, 7),
        (lambda w: {"first": w["first"] - 1}, 7),
        (lambda w: {"checkpoint": w["checkpoint"].replace("— trace", "— grace")}, 8),
        (
            lambda w: {"checkpoint": w["checkpoint"].replace("— witness", "— fitness")},
            9,
        ),
        (lambda w: {"format": "pharmatrace-window/v0"}, 1),
    ],
)
def test_a_window_that_was_changed_fails(judge, capsys, change, step):
    log, receipt = busy(BEFORE, (5, *OTHERS), (9, *OURS), BEHIND), receipt_for(*OURS)
    _, window = judge(log, receipt)
    capsys.readouterr()

    assert judge(log, receipt, change=change(window))[0] == 1
    assert failed_step(capsys) == step


def test_a_window_that_begins_or_ends_too_early_shows_nothing(tmp_path, capsys):
    log, receipt = busy(BEFORE, (5, *OTHERS), BEHIND), receipt_for(*OURS)
    (tmp_path / "policy").write_bytes(cast.POLICY)
    (tmp_path / "genesis").write_bytes(cast.dumped(GENESIS))
    (tmp_path / "receipt").write_bytes(cast.dumped(envelope_json(receipt)))
    for first, end, said in ((4, 8, "begins too late"), (2, 6, "ends too early")):
        window = build_window(
            log.tree,
            leaves=log.leaves[first:end],
            first=first,
            tree_size=len(log.leaves),
            checkpoint=log.note,
        )
        (tmp_path / "window").write_text(json.dumps(window.to_json()))
        names = [str(tmp_path / name) for name in ("receipt", "window", "genesis")]
        more = ["--policy", f"{tmp_path}/policy", "--genesis", GENESIS_ID]

        assert verify.run([*names, *more]) == 0
        assert said in capsys.readouterr().out


def test_a_receipt_for_another_log_is_not_looked_for(judge):
    log = busy(BEFORE, BEHIND)
    code, _, err = judge.fetched(log, receipt_for(*OURS, ledger="other.example/log"))

    assert (code, "other ledger" in err) == (1, True)


def test_a_log_that_nobody_cosigned_is_not_asked(judge):
    log = busy(BEFORE, BEHIND)
    log.note = log.note.replace("— witness".encode(), "— fitness".encode())
    code, _, err = judge.fetched(log, receipt_for(*OURS))

    assert (code, "no quorum" in err) == (1, True)


def test_a_log_that_shows_other_leaves_than_it_signed_is_refused(judge):
    log = busy(BEFORE, (5, *OTHERS), BEHIND)
    log.leaves[3] = log.leaves[2]
    code, _, err = judge.fetched(log, receipt_for(*OURS))

    assert code == 1
    assert "root mismatch" in err


def test_the_command_wants_a_state_or_a_receipt(tmp_path, capsys):
    with pytest.raises(SystemExit):
        monitor.run(["http://127.0.0.1:1", "--policy", "x"])
    with pytest.raises(SystemExit):
        monitor.run(
            ["http://127.0.0.1:1", "--policy", "x", "--state", "a", "--receipt", "b"]
        )
    assert "--receipt" in capsys.readouterr().err
