"""The monitor over HTTP: honest logs raise no alarm, and every lie has its name."""

import pytest

from apps.core.checkpoint import Checkpoint
from apps.core.leaf import LeafType
from apps.core.merkle import EMPTY_ROOT
from apps.core.note import Note
from apps.core.notekey import SignatureType, SignerKey
from apps.core.outside.monitor import run
from tests.core.outside.public_log import GrowingLog, digest, files_of
from tests.core.outside.public_log import write as write_file
from tests.core.outside.small_ledger import LOG, ORIGIN, WITNESS, small_ledger


def head_of(text):
    return Checkpoint.parse(Note.parse(text.encode()).text)


# Honest logs


def test_a_log_is_followed_as_it_grows_and_after_a_restart(watch):
    log = GrowingLog()

    for run_of, new in ((5, 5), (1, 1), (249, 249), (1, 1), (400, 400), (1, 1)):
        log.run(run_of).publish(watch.files)

        code, said = watch.once()

        assert (code, said["size"], said["new_leaves"]) == (0, len(log.leaves), new)
        assert said["tags"] == len(log.heads)
        assert said["witnesses"] == ["regulator"]
    assert watch.once()[1]["new_leaves"] == 0


def test_the_ledger_of_real_statements_raises_no_alarm(watch):
    ledger = small_ledger()
    for name, data in files_of([leaf.encode() for leaf in ledger.leaves]).items():
        write_file(watch.files, name, data)
    write_file(watch.files, "checkpoint", ledger.note)

    code, said = watch.once()

    assert (code, said["size"], said["origin"]) == (0, 8, ORIGIN)


def test_several_runs_under_one_checkpoint_and_every_kind_of_leaf(watch):
    log = GrowingLog().run(10)
    log.add(3, LeafType.PARTY)
    log.add(3, LeafType.RECALL)
    log.seal()
    log.time_ms += 5
    log._leaf(LeafType.ERASURE, log.leaves[1].subject_tag, digest("erased"))
    log.seal()
    log.run(30).publish(watch.files)

    assert watch.once()[0] == 0


def test_an_empty_log_is_followed_to_its_first_leaves(watch):
    log = GrowingLog()
    write_file(watch.files, "checkpoint", log.note_of(0, root=EMPTY_ROOT))
    assert watch.once()[1]["size"] == 0

    log.run(3).publish(watch.files)

    assert watch.once()[1]["new_leaves"] == 3


def test_full_files_stand_in_for_partial_ones_that_were_pruned(watch):
    log = GrowingLog().run(250).publish(watch.files)
    old = log.note_of()
    log.run(50).publish(watch.files)
    for name in ("tile/0", "tile/entries"):
        (watch.files / f"{name}/000.p/250").unlink()
    write_file(watch.files, "checkpoint", old)  # a cache that is a little behind

    assert watch.once()[1]["size"] == 250


def test_a_long_log_is_judged_slice_by_slice(watch):
    log = GrowingLog(tags=3_000)
    for _ in range(9):
        log.run(2_000)
    log.publish(watch.files)

    code, said = watch.once()

    assert (code, said["new_leaves"], said["tags"]) == (0, 18_000, len(log.heads))
    log.run(100).publish(watch.files)
    assert watch.once()[1]["new_leaves"] == 100


def test_a_round_is_told_in_one_line(watch, capsys):
    GrowingLog().run(5).publish(watch.files)
    state = ["--policy", str(watch.policy), "--state", str(watch.state)]

    assert run([f"{watch.url}/", *state, "--once"]) == 0

    (line,) = capsys.readouterr().out.splitlines()
    assert f"ok: {ORIGIN} size 5 (+5), root " in line
    assert "tags, last leaf " in line
    assert line.endswith("witnesses: regulator")
    assert run([watch.url, *state, "--evidence"]) == 0
    assert capsys.readouterr().out == ""


# Two heads that disagree


def test_a_log_rolled_back_is_named_with_both_heads(watch):
    log = GrowingLog().run(9)
    write_file(watch.files, "checkpoint", log.note_of(9))
    small = log.note_of(9)
    log.run(11).publish(watch.files)
    watch.once()
    large = log.note_of()

    write_file(watch.files, "checkpoint", small)
    code, said = watch.once()

    assert (code, said["refused"]) == (1, "log_rolled_back")
    assert said["before"].encode() == large
    assert said["now"].encode() == small


def test_another_root_at_one_size_is_a_fork(watch):
    GrowingLog(seed=1).run(20).publish(watch.files)
    watch.once()

    GrowingLog(seed=2).run(20).publish(watch.files)
    code, said = watch.once()

    assert (code, said["refused"]) == (1, "log_forked")
    before, now = head_of(said["before"]), head_of(said["now"])
    assert before.tree_size == now.tree_size
    assert before.root_hash != now.root_hash


@pytest.mark.parametrize("old", [20, 256, 300])
def test_history_rewritten_below_a_larger_head_is_a_fork(watch, old):
    log = GrowingLog(seed=1).run(old).publish(watch.files)
    watch.once()
    kept = log.note_of()

    GrowingLog(seed=2).run(old).run(90).publish(watch.files)
    code, said = watch.once()

    assert (code, said["refused"]) == (1, "log_forked")
    assert said["before"].encode() == kept
    assert head_of(said["now"]).tree_size == old + 90


def test_a_fork_stays_on_record_and_is_printed_as_it_was_signed(watch, capsys):
    log = GrowingLog(seed=1).run(20).publish(watch.files)
    watch.once()
    fork = GrowingLog(seed=2).run(20).publish(watch.files)
    watch.once()
    log.publish(watch.files)

    code, said = watch.once()

    assert (code, said["refusals_on_record"]) == (0, 1)
    state = ["--policy", str(watch.policy), "--state", str(watch.state)]
    assert run([watch.url, *state, "--evidence"]) == 1
    told = capsys.readouterr().out
    assert log.note_of().decode() in told
    assert fork.note_of().decode() in told
    fork.publish(watch.files)
    assert run([watch.url, *state, "--once"]) == 1
    told = capsys.readouterr()
    assert log.note_of().decode() in told.out
    assert fork.note_of().decode() in told.out
    assert "refused: log_forked" in told.err


def test_a_head_whose_leaves_never_came_is_remembered_all_the_same(watch):
    log = GrowingLog(seed=1).run(20).publish(watch.files)
    watch.once()
    write_file(watch.files, "checkpoint", GrowingLog(seed=2).run(50).note_of())
    code, said = watch.once()
    assert (code, said["not_checked"]) == (2, "tile_missing")
    assert said["head_waiting"] == 50

    log.run(60).publish(watch.files)
    code, said = watch.once()

    assert (code, said["refused"]) == (1, "log_forked")
    assert head_of(said["before"]).tree_size == 50


def test_heads_whose_leaves_come_late_are_all_judged(watch):
    log = GrowingLog().run(20).publish(watch.files)
    watch.once()
    for _ in range(3):
        log.run(30)
        write_file(watch.files, "checkpoint", log.note_of())
        assert watch.once()[0] == 2

    log.publish(watch.files)
    code, said = watch.once()

    assert (code, said["new_leaves"], said["size"]) == (0, 90, 110)


# Signatures


def test_a_head_that_others_signed_is_refused(watch):
    other = SignerKey.generate(ORIGIN, SignatureType.ED25519)
    GrowingLog().run(5).publish(watch.files, signers=(other, WITNESS))

    assert watch.refused() in ("no_log_signature", "no_known_signature")


def test_a_signature_that_does_not_verify_is_refused(watch):
    log = GrowingLog().run(5).publish(watch.files)
    note = log.note_of().decode().replace("\n5\n", "\n6\n", 1)
    write_file(watch.files, "checkpoint", note.encode())

    assert watch.refused() == "bad_note_signature"


def test_a_head_without_quorum_is_refused(watch):
    GrowingLog().run(5).publish(watch.files, signers=(LOG,))

    assert watch.refused() == "no_quorum"


def test_the_state_of_one_log_is_not_used_for_another(watch):
    other = SignerKey.generate("other.example/log", SignatureType.ED25519)
    log = GrowingLog().run(5).publish(watch.files)
    watch.policy.write_bytes(
        f"log {LOG.verifier.format()}\nlog {other.verifier.format()}\n"
        "quorum none\n".encode()
    )
    watch.once()
    text = log.note_of().decode().split("\n\n")[0].replace(ORIGIN, other.name)
    note = Note(f"{text}\n", (other.sign(f"{text}\n", time_seconds=1),))
    write_file(watch.files, "checkpoint", note.format())

    assert watch.refused() == "unknown_origin"
