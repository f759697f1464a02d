"""The outsider: pharmatrace-verify as a process of its own, files alone."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def check_proof(proof: Path, *, policy: Path) -> tuple[int, str]:
    """Exit code and words of the verifier: no Django, no database, no site."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "apps.core.outside.verify"),
            *(str(proof), "--policy", str(policy)),
        ],
        cwd=ROOT,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def flip_bit(proof: Path) -> Path:
    """A copy of a proof with one bit of its first leaf turned."""
    changed = json.loads(proof.read_bytes())
    leaf = bytearray.fromhex(changed["leaves"][0]["leaf"])
    leaf[-1] ^= 1
    changed["leaves"][0]["leaf"] = leaf.hex()
    flipped = proof.with_name("flipped.json")
    flipped.write_text(json.dumps(changed))
    return flipped


def assert_proves(proof: Path, *, policy: Path) -> None:
    """The proof holds in every step, and no longer once a bit is flipped."""
    code, said = check_proof(proof, policy=policy)
    assert (code, " 7. ok" in said) == (0, True), said

    code, said = check_proof(flip_bit(proof), policy=policy)
    assert (code, "step" in said) == (1, True), said
