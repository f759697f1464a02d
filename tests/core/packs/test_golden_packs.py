"""packs.json: every reader of a pack's proof gives these answers, ours too."""

import json
from pathlib import Path

import pytest

from apps.core.packproof import parse_pack_proof
from apps.core.proofcode import parse_code_text
from tests.core.outside.small_ledger import dumped
from tests.golden.packs import judged, pack_vectors

STORED = json.loads(
    (Path(__file__).resolve().parents[2] / "golden" / "packs.json").read_text()
)
CASES = [*STORED["codes"], *STORED["files"]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["desc"])
def test_every_case_keeps_its_answer(case):
    asked = {
        name: value
        for name, value in case.items()
        if name not in {"want", "want_error", "step"}
    }

    assert judged(asked, STORED) == case


def test_what_is_written_today_is_what_was_frozen():
    made = pack_vectors()

    assert made["files"] == STORED["files"]
    assert made["proofs"] == STORED["proofs"]
    # Deflate may be done in several ways; what is inflated may not.
    for new, old in zip(made["codes"], STORED["codes"], strict=True):
        assert new["desc"] == old["desc"]
        if "want" in old:
            assert parse_code_text(new["text"]) == parse_code_text(old["text"])


def test_refusals_outnumber_what_holds():
    for kind, least in (("codes", 40), ("files", 40)):
        refused = [case for case in STORED[kind] if "want_error" in case]
        assert len(refused) >= least
        assert len(refused) > 3 * (len(STORED[kind]) - len(refused))
    assert {case.get("step") for case in CASES} >= {1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13}


def test_a_code_says_what_its_file_says():
    (code,) = [c["want"] for c in STORED["codes"] if c["desc"] == "from genesis on"]
    (file,) = [c["want"] for c in STORED["files"] if c["desc"] == "from genesis on"]

    assert {**code, "findings": None} == {**file, "findings": None}
    assert code["is_signer_known"]
    assert code["seen_ms"] == 1_772_442_060_000


def test_the_second_newest_of_two_of_three_is_when_a_quorum_had_seen_it():
    wanted = {
        "three cosignatures, two wanted": 60,
        "three cosignatures, three wanted": 30,
    }

    for desc, seconds in wanted.items():
        (want,) = [c["want"] for c in STORED["codes"] if c["desc"] == desc]
        assert want["seen_ms"] == 1_772_442_000_000 + seconds * 1_000
    (alone,) = [
        c["want"] for c in STORED["codes"] if "asks for no witness" in c["desc"]
    ]
    assert alone["seen_ms"] is None
    assert [14, "--"] in alone["findings"]


def test_a_file_is_read_from_its_bytes():
    proof = parse_pack_proof(dumped(STORED["proofs"]["with history"]))

    assert (proof.pack.serial, proof.place.ordinal, len(proof.history)) == ("S2", 1, 3)
