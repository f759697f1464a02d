"""docs/formats.md, its later blocks: the bytes on the page are recomputed."""

import base64
import hashlib
import hmac
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from apps.core.bodies import RecallOpen, read_body
from apps.core.canonical import canonical_bytes
from apps.core.envelope import (
    parse_envelope,
    statement_id,
)
from apps.core.errors import UntrustedSignature
from apps.core.keyring import KeyRing
from apps.core.leaf import Leaf, LeafType
from apps.core.places import verify_places
from apps.core.policy import Policy
from apps.core.proof import TlogProof
from apps.core.prooffile import PROOF_FORMAT, parse_proof_file
from apps.core.receipt import verify_receipt
from apps.core.signing import load_public_key, verify_signature
from apps.core.statement import parse_statement
from apps.core.verify import verify_statement

RECALL_FORMAT = "pharmatrace-recall/v1"  # apps/anchoring/queries/recalls.py

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "formats.md").read_text()


def block(name):
    (found,) = re.findall(
        rf"^```\w+ {name}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE
    )
    return found


def example(name):
    return json.loads(block(name))


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def test_no_other_key_and_no_other_promise_passes_for_the_receipt():
    envelope = parse_envelope(block("receipt").encode())
    spki = base64.b64decode(example("receipt-key")["spki_b64"])
    key = load_public_key(spki=spki, alg="ed25519")
    makers = base64.b64decode(example("identity")["spki_b64"])

    with pytest.raises(UntrustedSignature, match="wrong key"):
        verify_receipt(
            envelope=envelope, key=load_public_key(spki=makers, alg="ed25519")
        )
    later = envelope.payload.replace(b"1772442000000", b"1772442000001")
    with pytest.raises(UntrustedSignature):
        verify_receipt(envelope=replace(envelope, payload=later), key=key)


def test_the_recall_file_opens_every_leaf_of_a_recall():
    file = example("recall-file")
    envelope = parse_envelope(json.dumps(file["envelope"]).encode())
    said = parse_statement(envelope.payload)
    (spki,) = re.findall(r"^\(SPKI `(\S+)`\)", PAGE, re.MULTILINE)
    tags, leaves = example("tags"), file["leaves"]

    assert set(file) == {"format", "envelope", "accepted_ms", "leaves"}
    assert (file["format"], said.kind) == (RECALL_FORMAT, "recall.open")
    assert f"`{statement_id(envelope)}`" in PAGE
    assert isinstance(read_body(said), RecallOpen)
    verify_signature(
        key=load_public_key(spki=base64.b64decode(spki), alg="ed25519"),
        pae=envelope.pae,
        signature=envelope.signatures[0],
    )
    named = f"product\0{tags['batch']['gtin']}".encode()
    product = hmac.digest(bytes.fromhex(tags["tag_key"]), named, "sha256").hex()
    subjects = [subject.tag.hex() for subject in said.subjects]
    assert subjects == sorted([tags["batch"]["tag"], product])
    for place, shown in enumerate(leaves):
        leaf = Leaf.decode(bytes.fromhex(shown["leaf"]))
        made = sha(
            b"pharmatrace/commit/v1\0",
            base64.b64decode(shown["salt"]),
            file["accepted_ms"].to_bytes(8, "big"),
            sha(canonical_bytes(file["envelope"])),
            bytes(32),
        )
        assert (shown["position"], shown["index"]) == (place, 7 + place)
        assert (leaf.kind, leaf.commitment) == (LeafType.RECALL, made)
        assert leaf.subject_tag.hex() == subjects[place]
    batch = Leaf.decode(bytes.fromhex(leaves[0]["leaf"]))
    assert batch.prev_leaf_hash.hex() == example("leaf")["leaf_hash"]


def test_the_proof_leads_from_the_leaf_to_a_head_that_the_policy_believes():
    policy = Policy.parse(block("policy").encode())
    place = TlogProof.parse(block("tlog-proof").encode())
    leaf = Leaf.decode(bytes.fromhex(example("leaf")["bytes"]))

    assert [
        each.step for each in verify_places([(leaf, place)], policy, KeyRing())
    ] == [7, 8, 9]
    salt = bytes.fromhex(example("commitment")["salt"])
    file = {
        "format": PROOF_FORMAT,
        "envelope": example("envelope"),
        "accepted_ms": example("commitment")["accepted_ms"],
        "leaves": [
            {
                "leaf": example("leaf")["bytes"],
                "salt": base64.b64encode(salt).decode(),
                "position": 0,
                "proof": block("tlog-proof"),
            }
        ],
        **{name: example(name) for name in ("map_root", "before", "after")},
    }
    proof = parse_proof_file(json.dumps(file).encode())
    found = verify_statement(proof=proof, policy=policy, ring=KeyRing())
    assert [each.step for each in found] == [2, 3, 4, 5, 6, 7, 8, 9, 10, 10]
    assert found[-1].text.startswith("taken in at 2026-03-02T09:00:01.000Z")
    assert not any(each.is_doubtful for each in found)
