"""A small ledger of one lot, and the pack proofs and codes that it gives.

Novamed makes three packs, despatches them, and takes the second as a sample. Two of
three witnesses are a quorum; each saw the head at a time of its own.
"""

from dataclasses import dataclass, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from apps.core.bodies import EventsFile
from apps.core.canonical import canonical_bytes, parse_json
from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.envelope import (
    STATEMENT_TYPE,
    Envelope,
    Signature,
    build_envelope,
    envelope_json,
    pae,
    statement_id,
)
from apps.core.epcis import event_json
from apps.core.events import events_root, line_leaf
from apps.core.keys import PublicKey
from apps.core.notekey import SignatureType, SignerKey
from apps.core.packcode import build_code
from apps.core.packproof import parse_pack_proof
from apps.core.policy import Policy
from apps.core.proofcode import ProofCode
from apps.core.ranges import Ranges, set_digest
from apps.core.serialsbuild import prove_serial
from apps.core.signing import public_key_of
from apps.core.statement import Statement, build_statement
from apps.core.strict import format_base64
from apps.core.subjects import EventsRoot, Moved, Subject
from apps.core.tree import MemoryTree, inclusion_path
from tests.core.outside import small_ledger as cast
from tests.core.signing.epcis_cast import EVENTS

GTIN, LOT, EXPIRY = "09521568251204", "A123", "2028-02-29"
WITNESSES = [
    SignerKey(f"{name}.example", SignatureType.COSIGNATURE_ED25519, cast.fixed(name))
    for name in ("regulator", "chemists", "rival")
]
STRANGER = SignerKey(
    "stranger.example", SignatureType.COSIGNATURE_ED25519, cast.fixed("stranger")
)
SECONDS = cast.AT // 1_000
# When each of them saw the head; the quorum had, when the second newest had.
SEEN = {"regulator": SECONDS + 30, "chemists": SECONDS + 90, "rival": SECONDS + 60}
POLICY = (
    f"log {cast.LOG.verifier.format()}\n"
    + "".join(
        f"witness {name} {key.verifier.format()}\n"
        for name, key in zip(SEEN, WITNESSES, strict=True)
    )
    + "group two-of-three 2 regulator chemists rival\n"
    + "quorum two-of-three\n"
)
TAG = cast.commission().subjects[0].tag
KEYS = ("genesis", "admit", "enrol")
MADE = cast.AT + 1_000


@dataclass
class PackLedger(cast.Ledger):  # type: ignore[misc]
    """Signs its head with witnesses of different clocks."""

    def sign(self, *signers: SignerKey) -> None:
        self.tree = MemoryTree(leaf.leaf_hash for leaf in self.leaves)
        head = Checkpoint(cast.ORIGIN, self.tree.size, self.tree.root())
        note = sign_checkpoint(head, [cast.LOG], time_seconds=0)
        lines = [
            key.sign(note.text, time_seconds=at)
            for key, at in zip(WITNESSES, SEEN.values(), strict=True)
        ]
        self.note = note.adding(lines).format()


def moved_event(name: str, *, ranges: Ranges) -> Statement:
    """One event of the cast, on packs of the lot."""
    moved = Moved(sum(last - first + 1 for first, last in ranges), set_digest(ranges))
    said = cast.statement(
        "event",
        cast.NOVAMED,
        "nils",
        [Subject(TAG, moved=moved)],
        event_json(EVENTS[name]),
    )
    return replace(said, nonce=cast.fixed(f"nonce {name}", 16))  # type: ignore[no-any-return]


LINES = [{"event": event_json(EVENTS["sample"]), "parents": []} for _ in range(2)]
FILE = b"".join(canonical_bytes(line) + b"\n" for line in LINES)  # type: ignore[arg-type]
LINE_RANGES: list[Ranges] = [((0, 0),), ((1, 1),)]
LINE_LEAVES = [
    line_leaf(
        number=number,
        event=event_json(EVENTS["sample"]),
        parents=(),
        moved=Moved(1, set_digest(ranges)),
    )
    for number, ranges in enumerate(LINE_RANGES)
]


def sampled_file() -> Statement:
    """A file of two lines, each of which takes one pack."""
    root: EventsRoot = events_root(LINE_LEAVES)
    body = EventsFile.of(FILE).to_json()
    subject = Subject(TAG, events=root)
    return cast.statement("events", cast.NOVAMED, "nils", [subject], body)  # type: ignore[no-any-return]


def ledger_of(commissioning: Envelope | None = None) -> PackLedger:
    """The ledger; another envelope may stand in for the commissioning's."""
    ledger = PackLedger()
    ledger.append("genesis", cast.genesis(), "operator", "regulator")
    ledger.append("admit", cast.admit(), "regulator", "operator", "nora")
    ledger.append("enrol", cast.enrol(), "nora", "nils")
    ledger.seal()
    if commissioning is None:
        ledger.append("commission", cast.commission(), "nils")
    else:
        ledger.append_envelope("commission", commissioning, cast.commission())
    ledger.seal()
    shipped = moved_event("ship", ranges=((0, 2),))
    ledger.append("ship", shipped, "nils", accepted_ms=cast.AT + 400)
    ledger.append("sample", sampled_file(), "nils", accepted_ms=cast.AT + 500)
    ledger.close()
    return ledger


def curve_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key from a fixed number."""
    return ec.derive_private_key(
        int.from_bytes(cast.fixed("erp"), "big"), ec.SECP256R1()
    )


def signed_on_curve() -> Envelope:
    """The commissioning under a P-256 key, whose signature is the same every time."""
    payload = build_statement(cast.commission())
    der = curve_key().sign(
        pae(STATEMENT_TYPE, payload), ec.ECDSA(SHA256(), deterministic_signing=True)
    )
    r, s = decode_dss_signature(der)
    keyid = public_key_of(curve_key()).keyid
    signature = Signature(keyid, r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return build_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, signatures=[signature]
    )


def history_of(ledger: PackLedger) -> list[dict[str, Any]]:
    """One step that is only said, and two that are shown."""
    path = inclusion_path(MemoryTree(LINE_LEAVES), index=1, tree_size=2)
    line = {"number": 1, "index": 1, "path": [format_base64(each) for each in path]}
    return [
        {
            "said": {
                "what": "shipping",
                "day": "2026-03-02",
                "role": "wholesaler",
                "country": "DE",
            }
        },
        {"proof": ledger.proof("ship"), "ranges": [[0, 2]]},
        {
            "proof": ledger.proof("sample"),
            "ranges": [[1, 1]],
            "line": {**line, **LINES[1]},
        },
    ]


def pack_file(ledger: PackLedger, *, ordinal: int = 1) -> dict[str, Any]:
    """The proof of one pack, without history."""
    place = prove_serial(
        seed=cast.SEED, gtin=GTIN, base=0, serials=cast.SERIALS, ordinal=ordinal
    )
    return {
        "format": "pharmatrace-pack/v1",
        "pack": {
            "gtin": GTIN,
            "lot": LOT,
            "expiry": EXPIRY,
            "serial": cast.SERIALS[ordinal],
        },
        "place": {
            "ordinal": ordinal,
            "salt": format_base64(place.salt),
            "path": [format_base64(each) for each in place.path],
        },
        "statement": ledger.proof("commission", keys=KEYS),
    }


def keys_known() -> dict[str, PublicKey]:
    """The public keys of those who sign commissionings here."""
    known = [public_key_of(cast.key("nils")), public_key_of(curve_key())]
    return {key.keyid: key for key in known}


def code_of(file: dict[str, Any], *, policy: str = POLICY) -> ProofCode:
    """The proof code of a pack proof."""
    proof = parse_pack_proof(cast.dumped(file))
    return build_code(proof, keys=keys_known(), policy=Policy.parse(policy.encode()))


def genesis_id(ledger: PackLedger) -> str:
    """The id that a verifier is given."""
    return statement_id(ledger.said["genesis"][0])


def key_statements(ledger: PackLedger) -> list[Any]:
    """Envelopes that lead from genesis to Nils' key."""
    return [
        parse_json(
            canonical_bytes(envelope_json(ledger.said[name][0])), max_bytes=1 << 20
        )
        for name in KEYS
    ]


WEAK_KEY = bytes.fromhex("302a300506032b6570032100") + bytes([1]) + bytes(31)
"""An Ed25519 key of small order: everybody can sign under it."""
