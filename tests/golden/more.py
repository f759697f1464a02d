"""Vectors of what stands around a statement: files, map, receipt, anchors, lent keys."""

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.bodies import EventsFile, parse_body
from apps.core.canonical import canonical_bytes, parse_json
from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import RECEIPT_TYPE, Envelope, envelope_bytes
from apps.core.events import events_root, line_leaf, parse_lines
from apps.core.leaf import ANCHOR_TAG, CONFIG_TAG, ZEROS, Leaf, LeafType
from apps.core.leaf import anchor_commitment as anchored
from apps.core.map import (
    MapProof,
    MapValue,
    OtherLeaf,
    verify_map_absence,
    verify_map_inclusion,
)
from apps.core.mapbuild import build_root, prove
from apps.core.prooffile import parse_proof_file
from apps.core.ranges import set_digest
from apps.core.receipt import build_receipt, parse_receipt
from apps.core.signing import public_key_of
from apps.core.subjects import Moved

RECEIPT_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34)))
DEVICE_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35)))
ENTRIES = {
    sha256(bytes([n])).digest(): MapValue(n + 1, sha256(b"%d" % n).digest(), n)
    for n in range(5)
}
PRESENT, ABSENT = sha256(bytes([3])).digest(), sha256(b"not there").digest()
LENT = Delegation(
    ledger="ledger.example/pharmatrace",
    by="9521568000017",
    signer="nm-a91d3e6b20",
    role="signer",
    site="9521568000024",
    key=public_key_of(DEVICE_KEY),
    from_ms=1_795_000_000_000,
    to_ms=1_795_043_200_000,
)
Calls = list[tuple[str, Callable[[], object]]]


def file_of_events(event: object) -> bytes:
    """Two lines; the second corrects nothing and names the first."""
    lines = ({"event": event, "parents": parents} for parents in ([], ["#0"]))
    return b"".join(canonical_bytes(line) + b"\n" for line in lines)


def receipt_of(statement_id: str, committed: bytes) -> Envelope:
    """A receipt under the receipt key of these vectors."""
    return build_receipt(
        ledger="ledger.example/pharmatrace",
        statement_id=statement_id,
        accepted_ms=1_795_000_000_000,
        commitments=[committed],
        key=RECEIPT_KEY,
    )


def computed_around(
    event: object, statement_id: str, committed: bytes
) -> dict[str, str]:
    """Names and hex, beside those of `formats.computed`."""
    data = file_of_events(event)
    leaves = [
        line_leaf(
            number=line.number,
            event=line.event_json,
            parents=line.parents,
            moved=Moved(1, set_digest(((7, 7),))),
        )
        for line in parse_lines(data)
    ]
    receipt = receipt_of(statement_id, committed)
    return {
        "events_file": data.hex(),
        "events_body": canonical_bytes(EventsFile.of(data).to_json()).hex(),
        "events_line_leaf": leaves[1].hex(),
        "events_root": events_root(leaves).root.hex(),
        "receipt_payload": receipt.payload.hex(),
        "receipt": envelope_bytes(receipt).hex(),
        "delegation": build_delegation(LENT).hex(),
        "tag_anchor": ANCHOR_TAG.hex(),
        "tag_config": CONFIG_TAG.hex(),
        "anchor_commitment": anchored(
            tree_size=1 << 40, root=sha256(b"root").digest(), token=b"token"
        ).hex(),
        "map_value": ENTRIES[PRESENT].encode().hex(),
        "map_proof": prove(ENTRIES, PRESENT).encode().hex(),
        "map_proof_of_absence": prove(ENTRIES, ABSENT).encode().hex(),
    }


def refused_around(event: object, statement_id: str, committed: bytes) -> Calls:
    """Refusals, beside those of `formats.refused`."""
    data = file_of_events(event)
    return [
        *_refused_files(data),
        *_refused_maps(),
        *_refused_papers(receipt_of(statement_id, committed)),
    ]


def _refused_files(data: bytes) -> Calls:
    body = EventsFile.of(data)
    first, second = data.splitlines(keepends=True)
    good = body.to_json()
    return [
        ("a file with one line less", lambda: body.verify(first)),
        ("a file with a line twice", lambda: body.verify(first + first)),
        ("a file with other events", lambda: body.verify(data.replace(b"07", b"08"))),
        ("a file without its last line feed", lambda: parse_lines(data[:-1])),
        ("a file that names a later line", lambda: parse_lines(second + first)),
        ("a file with a blank line", lambda: parse_lines(first + b"\n" + second)),
        ("a file of no lines", lambda: parse_body("events", {**good, "count": 0})),
        ("a file without digest", lambda: parse_body("events", {"count": 2})),
        ("a digest in upper case", lambda: parse_body("events", {**good, "digest": "AB" * 32})),
    ]  # fmt: skip


def _refused_maps() -> Calls:
    root, value = build_root(ENTRIES), ENTRIES[PRESENT]
    proof, absence = prove(ENTRIES, PRESENT), prove(ENTRIES, ABSENT)
    here = OtherLeaf(PRESENT, value.value_hash)

    def included(**changes: object) -> Callable[[], object]:
        said = {"key": PRESENT, "value": value, "proof": proof, "root": root} | changes
        return lambda: verify_map_inclusion(**said)  # type: ignore[arg-type]

    def absent(**changes: object) -> Callable[[], object]:
        said = {"key": ABSENT, "proof": absence, "root": root} | changes
        return lambda: verify_map_absence(**said)  # type: ignore[arg-type]

    return [
        ("a map value of no leaves", lambda: MapValue.decode(bytes(48))),
        ("a map value of 47 bytes", lambda: MapValue.decode(bytes(47))),
        ("a map proof of 1 byte", lambda: MapProof.decode(b"\0")),
        ("a map proof that is cut", lambda: MapProof.decode(proof.encode()[:-1])),
        ("a map proof of 257 siblings", lambda: MapProof.decode(b"\1\1" + bytes(32 * 257))),
        ("a map proof for another tag", included(key=ABSENT)),
        ("a map proof for another value", included(value=replace(value, count=5))),
        ("a map proof under another root", included(root=ZEROS)),
        ("absence as inclusion", included(proof=replace(proof, other=here))),
        ("absence of a tag that is there", absent(key=PRESENT, proof=replace(proof, other=here))),
        ("absence without an end", absent(key=PRESENT, proof=proof)),
    ]  # fmt: skip


def _refused_papers(receipt: Envelope) -> Calls:
    promised = receipt.payload

    def as_receipt(old: bytes, new: bytes) -> Callable[[], object]:
        payload = promised.replace(old, new)
        return lambda: parse_receipt(Envelope(RECEIPT_TYPE, payload, ()))

    def lent(**changes: object) -> Callable[[], object]:
        return lambda: build_delegation(replace(LENT, **changes))  # type: ignore[arg-type]

    lists = re.compile(rb'"commitments":\[[^]]*\]').findall(promised)
    bare = {"format": "pharmatrace-proof/v1", "accepted_ms": 0, "leaves": []}
    bare["envelope"] = parse_json(envelope_bytes(receipt), max_bytes=1 << 20)
    leaf = (LeafType.GOODS, 1, ZEROS, 0, ZEROS, ZEROS)
    return [
        ("a receipt that promises 61 seconds", as_receipt(b":60,", b":61,")),
        ("a receipt for no leaf", as_receipt(lists[0], b'"commitments":[]')),
        ("a receipt of another type", lambda: parse_receipt(replace(receipt, payload_type="x/y"))),
        ("a key lent for more than 12 hours", lent(to_ms=LENT.to_ms + 1)),
        ("a key lent backwards", lent(to_ms=LENT.from_ms)),
        ("a key lent to administer", lent(role="admin")),
        ("a key lent nowhere", lent(site="")),
        ("a leaf of goods without tag", lambda: Leaf(*leaf)),
        ("an anchor of half a root", lambda: anchored(tree_size=1, root=bytes(16), token=b"")),
        ("a proof file without leaves", lambda: parse_proof_file(canonical_bytes(bare))),
    ]  # fmt: skip
