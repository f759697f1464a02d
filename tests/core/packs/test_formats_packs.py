"""docs/formats.md, "Pack proof" and "Proof code": the bytes on the page."""

import json
import re
import subprocess
import sys

import pytest

from apps.core.codeparts import DICTIONARY
from apps.core.keyring import KeyRing
from apps.core.packproof import PACK_FORMAT, parse_pack_proof
from apps.core.packs import verify_pack_proof, verify_proof_code
from apps.core.policy import Policy
from apps.core.proofcode import MAX_CODE_BYTES, parse_code_text
from apps.core.proofcode import PREFIX as CODE_PREFIX
from apps.core.serialsbuild import prove_serial
from apps.core.strict import format_base64
from tests.core.test_formats_receipts import PAGE, block, example
from tests.golden.packs import pack_vectors

POLICY = Policy.parse(block("policy").encode())


def proof_on_page():
    commitment, serials = example("commitment"), example("serials")
    place = prove_serial(
        seed=bytes.fromhex(serials["seed"]),
        gtin=serials["gtin"],
        base=serials["base"],
        serials=serials["serials"],
        ordinal=1,
    )
    signed = example("statement")["subjects"][0]["serials"]
    file = {
        "format": PACK_FORMAT,
        "pack": {
            **{name: signed[name] for name in ("gtin", "lot", "expiry")},
            "serial": serials["serials"][1],
        },
        "place": {
            "ordinal": 1,
            "salt": format_base64(bytes.fromhex(serials["salts"][1])),
            "path": [format_base64(each) for each in place.path],
        },
        "statement": {
            "format": "pharmatrace-proof/v1",
            "envelope": example("envelope"),
            "accepted_ms": commitment["accepted_ms"],
            "leaves": [
                {
                    "leaf": example("leaf")["bytes"],
                    "salt": format_base64(bytes.fromhex(commitment["salt"])),
                    "position": 0,
                    "proof": block("tlog-proof"),
                }
            ],
            "map_root": example("map_root"),
        },
    }
    return parse_pack_proof(json.dumps(file).encode())


def test_the_page_s_dictionary_is_the_one_in_use():
    assert block("proof-code-dictionary").encode("ascii") == DICTIONARY + b"\n"


def test_the_page_s_code_says_what_the_page_s_blocks_say():
    shown = verify_proof_code(
        code=parse_code_text(block("proof-code")), policy=POLICY, ring=KeyRing()
    )
    file = verify_pack_proof(proof=proof_on_page(), policy=POLICY, ring=KeyRing())

    assert shown.pack == file.pack
    assert (shown.pack.serial, shown.statement_id) == (
        "S2",
        example("identity")["statement_id"],
    )
    assert (shown.index, shown.tree_size, shown.seen_ms) == (6, 8, 1_772_442_000_000)


def test_the_limits_on_the_page_are_the_ones_in_use():
    assert f"At most {MAX_CODE_BYTES:,} bytes, and nothing follows." in PAGE
    assert f"a code is `{CODE_PREFIX}` and decimal digits" in PAGE


@pytest.mark.parametrize("kind", ["codes", "files"])
def test_every_refusal_after_reading_is_named_on_the_page(kind):
    section = PAGE.partition("## Pack proof")[2].partition("## Recall file")[0]
    named = set(re.findall(r"`([a-z_]+)`", section))
    # Refusals of the statement and its proof are on their own pages.
    of_the_statement = {
        "missing_field",
        "not_canonical",
        "unknown_version",
        "event_mismatch",
        "statement_expired",
        "from_the_future",
        "no_standing",
        "bad_leaf",
        "commitment_differs",
        "map_root_not_last",
        "no_known_signature",
    }
    found = {
        case["want_error"]
        for case in pack_vectors()[kind]
        if "want_error" in case and (kind == "codes" or case["step"] > 1)
    }

    assert found - of_the_statement <= named


def test_the_reader_s_half_loads_no_builder():
    script = (
        "import sys, apps.core.packs\n"
        "builders = ('tree', 'tiles', 'mapbuild', 'serialsbuild')\n"
        "built = [n for n in builders if 'apps.core.' + n in sys.modules]\n"
        "assert not built, built\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
