"""With a genesis that is wanted, its word on the log's keys stands above the policy."""

from apps.core.envelope import envelope_json
from tests.core.outside import small_ledger as cast
from tests.core.outside.test_verify import FORGED, LEDGER, PROOF, failed_step, room, run

__all__ = ["room"]


OTHER_LOG = cast.SignerKey(
    cast.ORIGIN, cast.SignatureType.ED25519, cast.fixed("forger")
)


def policy_of(*logs):
    witness = cast.WITNESS.verifier.format()
    lines = [f"log {log.verifier.format()}" for log in logs]
    lines += [f"witness regulator {witness}", "quorum regulator"]
    return "".join(f"{line}\n" for line in lines).encode()


def test_with_genesis_the_log_key_is_one_that_genesis_names(room, capsys):
    """A policy that somebody slipped in, and a head under the key it names."""
    (room / "slipped").write_bytes(policy_of(OTHER_LOG))

    assert run(room, FORGED, policy="slipped", genesis="") == 0
    capsys.readouterr()
    assert run(room, FORGED, policy="slipped") == 1
    assert "step 8 failed: policy: log not of genesis" in capsys.readouterr().err
    assert run(room, PROOF, policy="slipped") == 1
    assert failed_step(capsys) == 8


def test_a_log_key_beside_that_of_genesis_counts_for_nothing(room, capsys):
    (room / "both").write_bytes(policy_of(cast.LOG, OTHER_LOG))

    assert run(room, PROOF, policy="both") == 0
    assert run(room, FORGED, policy="both", genesis="") == 0
    capsys.readouterr()
    assert run(room, FORGED, policy="both") == 1
    assert failed_step(capsys) == 8


def test_a_bare_proof_is_held_to_genesis_too(room, capsys):
    leaf = LEDGER.leaves[6].encode()
    shown = envelope_json(LEDGER.said["genesis"][0])

    assert run(room, LEDGER.place(6).encode(), leaf, shown) == 0
    forged = FORGED["leaves"][0]["proof"].encode()
    (room / "slipped").write_bytes(policy_of(OTHER_LOG))
    assert run(room, forged, leaf, shown, policy="slipped", genesis="") == 0
    capsys.readouterr()
    assert run(room, forged, leaf, shown, policy="slipped") == 1
    assert failed_step(capsys) == 8
