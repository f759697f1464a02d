"""docs/formats.md: every byte of the worked example is recomputed from the page."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from apps.core.canonical import canonical_bytes
from apps.core.envelope import (
    RECEIPT_TYPE,
    STATEMENT_TYPE,
    envelope_digest,
    pae,
    parse_envelope,
    statement_id,
)
from apps.core.errors import ProofError
from apps.core.events import read_event
from apps.core.leaf import Leaf, LeafType, commitment
from apps.core.map import (
    MapProof,
    MapValue,
    verify_map_absence,
    verify_map_inclusion,
)
from apps.core.mapbuild import build_root
from apps.core.merkle import RootBuilder
from apps.core.receipt import parse_receipt, verify_receipt
from apps.core.serials import serial_leaf, serial_salt
from apps.core.signing import keyid_of, load_public_key, verify_signature
from apps.core.statement import parse_statement

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


def test_tags_are_keyed_hashes_of_what_they_name():
    tags = example("tags")
    key = bytes.fromhex(tags["tag_key"])
    batch, party = tags["batch"], tags["party"]

    named = f"batch\0{batch['gtin']}\0{batch['lot']}".encode()
    assert hmac.digest(key, named, "sha256").hex() == batch["tag"]
    named = f"party\0{party['gln']}".encode()
    assert hmac.digest(key, named, "sha256").hex() == party["tag"]
    assert example("statement")["subjects"][0]["tag"] == batch["tag"]


def test_sets_have_one_digest():
    for case in example("sets"):
        listed = json.dumps(case["ranges"], separators=(",", ":")).encode()
        assert sha(b"pharmatrace/set/v1\0", listed).hex() == case["digest"]
    assert example("statement")["subjects"][0]["set"] == example("sets")[1]["digest"]


def test_the_serial_tree_grows_from_its_seed():
    tree = example("serials")
    seed, gtin = bytes.fromhex(tree["seed"]), tree["gtin"]
    builder = RootBuilder()
    for place, serial in enumerate(tree["serials"]):
        salt = sha(b"pharmatrace/salt/v1\0", seed, serial.encode())[:16]
        ordinal = tree["base"] + place
        leaf = sha(
            b"\0", salt, ordinal.to_bytes(8, "big"), gtin.encode(), serial.encode()
        )
        assert salt.hex() == tree["salts"][place] == serial_salt(seed, serial).hex()
        assert leaf.hex() == tree["leaves"][place]
        assert leaf == serial_leaf(salt=salt, ordinal=ordinal, gtin=gtin, serial=serial)
        builder.append(leaf)

    assert builder.root().hex() == tree["root"]
    first, second, third = (bytes.fromhex(leaf) for leaf in tree["leaves"])
    assert sha(b"\1", sha(b"\1", first, second), third).hex() == tree["root"]
    assert example("statement")["subjects"][0]["serials"]["root"] == tree["root"]


def test_the_envelope_carries_the_statement_and_a_signature_that_verifies():
    envelope = parse_envelope(block("envelope").encode())
    identity = example("identity")
    spki = base64.b64decode(identity["spki_b64"])

    assert envelope.payload == canonical_bytes(example("statement"))
    assert read_event(parse_statement(envelope.payload)).biz_step == "commissioning"
    covered = pae(STATEMENT_TYPE, envelope.payload)
    assert covered.startswith(
        f"DSSEv1 45 {STATEMENT_TYPE} {len(envelope.payload)} {{".encode()
    )
    assert sha(covered).hex() == identity["statement_id"] == statement_id(envelope)
    assert keyid_of(spki) == identity["keyid"] == envelope.signatures[0].keyid
    verify_signature(
        key=load_public_key(spki=spki, alg="ed25519"),
        pae=covered,
        signature=envelope.signatures[0],
    )


def test_the_commitment_recomputes_from_envelope_salt_and_time():
    case = example("commitment")
    envelope = parse_envelope(block("envelope").encode())
    spelled = json.dumps(
        example("envelope"), sort_keys=True, separators=(",", ":")
    ).encode()
    salt, at_ms = bytes.fromhex(case["salt"]), case["accepted_ms"]
    digest, rest = sha(spelled), bytes.fromhex(case["disclosure_root"])

    assert digest.hex() == case["envelope_digest"] == envelope_digest(envelope).hex()
    made = sha(b"pharmatrace/commit/v1\0", salt, at_ms.to_bytes(8, "big"), digest, rest)
    assert made.hex() == case["commitment"]
    assert made == commitment(salt=salt, accepted_ms=at_ms, envelope_digest=digest)


def test_the_leaf_is_114_bytes_and_says_so():
    case = example("leaf")
    data = bytes.fromhex(case["bytes"])
    leaf = Leaf.decode(data)

    built = (
        bytes([case["version"], case["type"]])
        + case["time_ms"].to_bytes(8, "big")
        + bytes.fromhex(case["subject_tag"])
        + case["chain_seq"].to_bytes(8, "big")
        + bytes.fromhex(case["prev_leaf_hash"])
        + bytes.fromhex(case["commitment"])
    )
    assert (len(data), leaf.kind) == (114, LeafType.GOODS)
    assert built == data == leaf.encode()
    assert sha(b"\0", data).hex() == case["leaf_hash"] == leaf.leaf_hash.hex()
    assert case["commitment"] == example("commitment")["commitment"]
    assert case["subject_tag"] == example("tags")["batch"]["tag"]


def map_leaf(key, value):
    return sha(b"\2", key, sha(value))


def climb(key, end, proof):
    """The root above `end`, by the page's words alone."""
    depth, rest = int.from_bytes(proof[:2], "big"), proof[2:]
    bits = f"{int.from_bytes(key, 'big'):0256b}"
    for at in reversed(range(depth)):
        sibling, rest = rest[:32], rest[32:]
        pair = (sibling, end) if bits[at] == "1" else (end, sibling)
        end = sha(b"\3", *pair)
    return end, rest


def test_the_map_has_one_root_and_proofs_that_lead_to_it():
    case = example("map")
    entries = {
        bytes.fromhex(each["tag"]): MapValue(
            each["count"], bytes.fromhex(each["head_leaf_hash"]), each["last_index"]
        )
        for each in case["entries"]
    }
    root, tag, value, proof = (
        bytes.fromhex(case[name]) for name in ("root", "tag", "value", "proof")
    )

    assert build_root(entries) == root
    last = Leaf.decode(bytes.fromhex(example("map_root")["leaf"]))
    assert (last.kind, last.commitment) == (LeafType.MAP_ROOT, root)
    assert tag.hex() == example("leaf")["subject_tag"]
    head = bytes.fromhex(example("leaf")["leaf_hash"])
    assert value == (1).to_bytes(8, "big") + head + (6).to_bytes(8, "big")
    assert value == entries[tag].encode()
    assert climb(tag, map_leaf(tag, value), proof) == (root, b"")
    shown = MapProof.decode(proof)
    verify_map_inclusion(key=tag, value=entries[tag], proof=shown, root=root)
    for each in case["absent"]:
        absent, absence = bytes.fromhex(each["tag"]), bytes.fromhex(each["proof"])
        verify_map_absence(key=absent, proof=MapProof.decode(absence), root=root)
        with pytest.raises(ProofError):
            verify_map_inclusion(key=absent, value=entries[tag], proof=shown, root=root)
        with pytest.raises(ProofError):
            verify_map_absence(key=tag, proof=MapProof.decode(absence), root=root)


def test_what_is_not_in_the_map_ends_in_nothing_or_at_another_tag():
    case = example("map")
    root = bytes.fromhex(case["root"])
    nothing, beside = case["absent"]

    absent, proof = (bytes.fromhex(nothing[name]) for name in ("tag", "proof"))
    assert climb(absent, bytes(32), proof) == (root, b"")

    absent, proof = (bytes.fromhex(beside[name]) for name in ("tag", "proof"))
    other, digest = proof[-64:-32], proof[-32:]
    assert other.hex() in {each["tag"] for each in case["entries"]}
    assert climb(absent, sha(b"\2", other, digest), proof[:-64]) == (root, b"")


def test_the_receipt_promises_the_leaf():
    envelope = parse_envelope(block("receipt").encode())
    said = example("receipt-payload")

    assert envelope.payload == canonical_bytes(said)
    assert parse_receipt(envelope).commitments[0].hex() == example("leaf")["commitment"]
    assert said["statement_id"] == example("identity")["statement_id"]
    named = example("receipt-key")
    spki = base64.b64decode(named["spki_b64"])
    assert keyid_of(spki) == named["keyid"] == envelope.signatures[0].keyid
    key = load_public_key(spki=spki, alg=named["alg"])
    verify_receipt(envelope=envelope, key=key)
    covered = pae(RECEIPT_TYPE, envelope.payload)
    Ed25519PublicKey.from_public_bytes(spki[-32:]).verify(
        envelope.signatures[0].sig, covered
    )
