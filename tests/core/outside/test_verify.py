"""The outsider's verifier: what it proves, and the step at which a lie fails."""

import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.core.envelope import envelope_bytes, envelope_json, statement_id
from apps.core.keyring import build_keyring, verify_voices
from apps.core.outside import verify as command
from tests.core.log.log_cast import flip
from tests.core.outside import small_ledger as cast

LEDGER = cast.small_ledger()
GENESIS_ID = statement_id(LEDGER.said["genesis"][0])
KEYS = ("genesis", "admit", "enrol")
PROOF = LEDGER.proof("commission", keys=KEYS)


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    path = tmp_path_factory.mktemp("verify")
    (path / "policy").write_bytes(cast.POLICY)
    return path


def run(room, *documents, genesis=GENESIS_ID, policy="policy"):
    names = []
    for number, document in enumerate(documents):
        name = room / f"{number}"
        data = document if isinstance(document, bytes) else cast.dumped(document)
        name.write_bytes(data)
        names.append(str(name))
    more = ("--genesis", genesis) if genesis else ()
    return command.run([*names, "--policy", str(room / policy), *more])


def failed_step(capsys) -> int:
    err = capsys.readouterr().err
    assert err.startswith("step "), err
    return int(err.split()[1])


def change(path, value, document=PROOF):
    changed = copy.deepcopy(document)
    place = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value(place[path[-1]]) if callable(value) else value
    return changed


def test_a_statement_is_proven_from_files_alone(room, capsys):
    assert run(room, PROOF, envelope_json(LEDGER.receipt("commission"))) == 0

    lines = capsys.readouterr().out.splitlines()
    assert [line[:6] for line in lines[:-1]] == [
        f"{step:>2}. ok" for step in (*range(1, 11), 10, 11)
    ]
    assert f"{cast.NOVAMED} (signer)" in lines[3]
    assert "included at index 6" in lines[6]
    assert "the physical world" in lines[-1]


@pytest.mark.parametrize("name", KEYS)
def test_statements_that_show_keys_are_proven_alike(room, name):
    others = [each for each in KEYS if each != name]

    assert run(room, LEDGER.proof(name, keys=others)) == 0


def test_keys_may_come_in_files_of_their_own(room):
    said = [envelope_json(LEDGER.said[name][0]) for name in KEYS]

    assert run(room, LEDGER.proof("commission"), *said) == 0


def test_without_genesis_a_valid_signature_has_no_standing(room, capsys):
    assert run(room, PROOF, genesis="") == 0
    assert "standing is not shown here" in capsys.readouterr().out
    assert run(room, LEDGER.proof("commission"), genesis="") == 0
    assert "not checked, no file shows this key" in capsys.readouterr().out


def test_a_bare_tlog_proof_and_its_leaf_are_enough_for_inclusion(room, capsys):
    leaf = LEDGER.leaves[6].encode()
    place = LEDGER.place(6).encode()

    assert run(room, place, leaf, genesis="") == 0
    assert "10. --  a bare tlog-proof brings no map root" in capsys.readouterr().out
    assert run(room, place, leaf.hex().encode() + b"\n", genesis="") == 0
    assert run(room, place, LEDGER.leaves[5].encode(), genesis="") == 1
    capsys.readouterr()
    run(room, place, LEDGER.leaves[5].encode(), genesis="")
    assert failed_step(capsys) == 7


def first_character(text):
    return ("B" if text[0] == "A" else "A") + text[1:]


def flip_hex(text):
    return flip(bytes.fromhex(text), 40).hex()


LEAF = ("leaves", 0)
LEAF_PLACE = {name: PROOF["leaves"][0][name] for name in ("leaf", "proof")}
OTHER_NOTE = cast.small_ledger(cast.LOG)
ALONE = OTHER_NOTE.proof("commission", keys=KEYS)
FORGED = cast.small_ledger(
    cast.SignerKey(cast.ORIGIN, cast.SignatureType.ED25519, cast.fixed("forger")),
    cast.WITNESS,
).proof("commission", keys=KEYS)


@pytest.mark.parametrize(
    ("document", "step"),
    [
        (b"", 1),
        (b"{", 1),
        (b"[]", 1),
        ({**PROOF, "format": "pharmatrace-proof/v2"}, 1),
        ({**PROOF, "extra": 1}, 1),
        (change((*LEAF, "leaf"), flip_hex), 7),
        (change((*LEAF, "leaf"), lambda text: "02" + text[2:]), 1),
        (change((*LEAF, "leaf"), lambda text: text[:2] + "06" + text[4:]), 6),
        (change((*LEAF, "position"), 1), 1),
        (change((*LEAF, "salt"), "AAAA"), 1),
        (change((*LEAF, "proof"), "c2sp.org/tlog-proof@v2\n"), 1),
        (change(("leaves",), []), 1),
        (change(("envelope", "signatures"), []), 1),
        (change(("envelope", "payload"), "e30="), 3),
        (change(("envelope", "signatures", 0, "sig"), first_character), 4),
        (change(("envelope", "signatures", 0, "keyid"), "0a" * 32), 4),
        (change(("keys",), []), 4),
        (change(("keys",), PROOF["keys"][:2]), 4),
        (change(("keys",), [PROOF["keys"][0], PROOF["keys"][2]]), 4),
        (change((*LEAF, "salt"), first_character), 5),
        (change(("accepted_ms",), cast.AT + 1), 5),
        ({name: PROOF[name] for name in PROOF if name != "map_root"}, 1),
        ({**PROOF, "map_root": None}, 1),
        ({name: PROOF[name] for name in PROOF if name != "after"}, 1),
        ({name: PROOF[name] for name in PROOF if name != "before"}, 10),
        (change(("before",), PROOF["after"]), 10),
        (change(("after",), PROOF["before"]), 10),
        (change(("after", "proof"), PROOF["before"]["proof"]), 10),
        (change(("before", "leaf"), flip_hex), 10),
        (change(("after",), LEAF_PLACE), 10),
        (change(("map_root", "leaf"), PROOF["leaves"][0]["leaf"]), 10),
        (change(("map_root", "proof"), PROOF["leaves"][0]["proof"]), 10),
        (ALONE, 9),
        (FORGED, 8),
    ],
)
def test_a_lie_fails_at_its_step(room, capsys, document, step):
    assert run(room, document) == 1
    assert failed_step(capsys) == step


def test_a_statement_shown_with_leaves_of_another_fails(room, capsys):
    swapped = LEDGER.proof("enrol", keys=("genesis", "admit"))
    swapped["leaves"] = PROOF["leaves"]
    assert run(room, swapped) == 1
    assert failed_step(capsys) == 5

    twice = LEDGER.proof("enrol", keys=("genesis", "admit"))
    twice["leaves"][1] = {**twice["leaves"][0], "position": 1}
    assert run(room, twice) == 1
    assert failed_step(capsys) == 6

    fewer = LEDGER.proof("enrol", keys=("genesis", "admit"))
    del fewer["leaves"][1]
    assert run(room, fewer) == 1
    assert failed_step(capsys) == 6


def test_another_genesis_is_not_ours(room, capsys):
    assert run(room, PROOF, genesis="0a" * 32) == 1
    assert failed_step(capsys) == 4

    other = cast.Ledger()
    other.append("genesis", cast.genesis("mallory"), "mallory", "regulator")
    both = envelope_json(other.said["genesis"][0])
    assert run(room, PROOF, both) == 1
    assert failed_step(capsys) == 4


def test_a_genesis_signed_by_others_is_refused(room, capsys):
    other = cast.Ledger()
    forged = other.append("genesis", cast.genesis(), "mallory")

    assert run(room, LEDGER.proof("admit"), envelope_json(forged), genesis="") == 1
    assert failed_step(capsys) == 4
    alone = cast.Ledger().append("genesis", cast.genesis(), "regulator")
    assert run(room, LEDGER.proof("admit"), envelope_json(alone), genesis="") == 1
    assert failed_step(capsys) == 4


@pytest.mark.parametrize(
    ("made", "signers"),
    [
        (cast.admit, ("regulator", "nora")),
        (cast.admit, ("operator", "nora")),
        (cast.admit, ("nora",)),
        (lambda: cast.enrol("mallory"), ("mallory",)),
        (lambda: cast.enrol("mallory"), ("nora",)),
        (lambda: cast.enrol("mallory"), ("nils", "mallory")),
        (lambda: cast.enrol("mallory"), ("stranger", "mallory", "nora")),
        (lambda: cast.enrol("nora"), ("nora",)),
    ],
)
def test_a_key_without_the_right_signatures_has_no_standing(made, signers):
    other = cast.Ledger()
    said = [LEDGER.said[name][0] for name in KEYS]
    if made is cast.admit:
        said = said[:1]
    said.append(other.append("new", made(), *signers))

    ring = build_keyring(said, genesis_id=GENESIS_ID)

    added = {each.shown_by for each in ring.keys.values() if each.has_standing}
    assert statement_id(said[-1]) not in added


def test_order_of_the_statements_does_not_matter():
    said = [LEDGER.said[name][0] for name in reversed(KEYS)]
    ring = build_keyring(said, genesis_id=GENESIS_ID)

    assert all(each.has_standing for each in ring.keys.values())
    envelope, accepted_ms, *_ = LEDGER.said["commission"]
    (voice,) = verify_voices(envelope=envelope, ring=ring, accepted_ms=accepted_ms)
    assert (voice.standing.gln, voice.standing.role) == (cast.NOVAMED, "signer")


def test_files_that_prove_nothing_are_named(room, capsys):
    assert run(room, envelope_json(LEDGER.said["genesis"][0])) == 1
    assert failed_step(capsys) == 1
    assert run(room, LEDGER.place(6).encode(), genesis="") == 1
    assert failed_step(capsys) == 1
    assert run(room, PROOF, policy="absent") == 1
    assert failed_step(capsys) == 1
    (room / "bad").write_bytes(b"log x\n")
    assert run(room, PROOF, policy="bad") == 1
    assert failed_step(capsys) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_anywhere_in_the_proof_never_verifies(room, data):
    clean = cast.dumped(PROOF)
    bit = data.draw(st.integers(0, 8 * len(clean) - 1))
    changed = flip(clean, bit)

    try:
        same = json.loads(changed) == PROOF
    except ValueError:
        same = False
    assert run(room, changed) == (0 if same else 1)


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_and_never_a_crash(room, data):
    assert run(room, data) == 1


def test_the_envelope_may_be_spelled_otherwise_and_still_commits_the_same(room):
    spelled = json.dumps(PROOF, indent=3).encode()

    assert run(room, spelled) == 0
    assert envelope_bytes(LEDGER.said["commission"][0])
