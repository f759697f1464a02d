"""A ledger of five statements, from its genesis on, made from fixed seeds."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from apps.core.bodies import (
    Authority,
    Genesis,
    KeyEnrol,
    NamedKey,
    PartyAdmit,
)
from apps.core.chain import advance
from apps.core.checkpoint import Checkpoint, sign_checkpoint
from apps.core.envelope import (
    STATEMENT_TYPE,
    envelope_digest,
    envelope_json,
    statement_id,
)
from apps.core.epcis import build, event_json
from apps.core.epcis.parts import Occasion
from apps.core.leaf import (
    CONFIG_TAG,
    MAP_ROOT_TAG,
    ZEROS,
    Leaf,
    LeafType,
    batch_tag,
    commitment,
    key_tag,
    party_tag,
)
from apps.core.mapbuild import build_root
from apps.core.notekey import SignatureType, SignerKey
from apps.core.proof import TlogProof
from apps.core.ranges import set_digest
from apps.core.receipt import build_receipt
from apps.core.serials import serials_root
from apps.core.signing import public_key_of, sign_envelope
from apps.core.statement import Moved, Serials, Statement, Subject, build_statement
from apps.core.strict import format_base64
from apps.core.tree import MemoryTree, inclusion_path
from apps.core.verify import leaf_type_of
from apps.core.webauthn import WebauthnScope

ORIGIN = "trace.example/log"
AT = 1_772_442_000_000
TAG_KEY = hashlib.sha256(b"tag key").digest()
SEED = hashlib.sha256(b"seed of lot A123").digest()
SERIALS = ["S1", "S2", "S3"]
OPERATOR, REGULATOR = "9506000100012", "9501101000018"
NOVAMED, PLANT = "9521568000017", "9521568000024"


def key(name):
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())


def fixed(name, size=32):
    return hashlib.sha256(name.encode()).digest()[:size]


LOG = SignerKey.parse(SignerKey(ORIGIN, SignatureType.ED25519, fixed("log")).format())
WITNESS = SignerKey(
    "witness.example", SignatureType.COSIGNATURE_ED25519, fixed("witness")
)
POLICY = (
    f"log {LOG.verifier.format()}\n"
    f"witness regulator {WITNESS.verifier.format()}\n"
    "quorum regulator\n"
).encode()


@dataclass
class Ledger:
    """Statements appended one by one; `close` adds the map root and signs."""

    time_ms: int = AT + 1_000
    leaves: list = field(default_factory=list)
    heads: dict = field(default_factory=dict)
    said: dict = field(default_factory=dict)
    runs: list = field(default_factory=list)  # indices of the map roots

    def append(self, name, statement, *signers, accepted_ms=AT):
        envelope = sign_envelope(
            payload_type=STATEMENT_TYPE,
            payload=build_statement(statement),
            private_keys=[key(each) for each in signers],
        )
        self.append_envelope(name, envelope, statement, accepted_ms=accepted_ms)
        return envelope

    def append_envelope(self, name, envelope, statement, accepted_ms=AT):
        first, salts = len(self.leaves), []
        for number, subject in enumerate(statement.subjects):
            salts.append(fixed(f"salt {name} {number}"))
            committed = commitment(
                salt=salts[-1],
                accepted_ms=accepted_ms,
                envelope_digest=envelope_digest(envelope),
            )
            self._leaf(leaf_type_of(statement.kind), subject.tag, committed)
        self.said[name] = (envelope, accepted_ms, first, salts)

    def _leaf(self, kind, tag, committed):
        known = self.heads.get(tag)
        leaf = Leaf(
            kind,
            self.time_ms,
            tag,
            known.count if known else 0,
            known.head_leaf_hash if known else ZEROS,
            committed,
        )
        self.heads[tag] = advance(known, leaf=leaf, index=len(self.leaves))
        self.leaves.append(leaf)

    def seal(self):
        """End a run: the map root, over all leaves before it."""
        self.map_heads = dict(self.heads)
        self.runs.append(len(self.leaves))
        self._leaf(LeafType.MAP_ROOT, MAP_ROOT_TAG, build_root(self.heads))

    def close(self, *signers):
        self.seal()
        self.sign(*signers)

    def sign(self, *signers):
        self.tree = MemoryTree(leaf.leaf_hash for leaf in self.leaves)
        head = Checkpoint(ORIGIN, self.tree.size, self.tree.root())
        note = sign_checkpoint(head, signers or (LOG, WITNESS), time_seconds=AT // 1000)
        self.note = note.format()

    def place(self, index):
        path = inclusion_path(self.tree, index=index, tree_size=self.tree.size)
        return TlogProof(index, tuple(path), self.note).format().decode()

    def placed(self, index):
        return {"leaf": self.leaves[index].encode().hex(), "proof": self.place(index)}

    def proof(self, name, *, keys=()):
        envelope, accepted_ms, first, salts = self.said[name]
        ahead = [index for index in self.runs if index < first]
        behind = [index for index in self.runs if index >= first + len(salts)]
        around = {"before": ahead[-1:], "after": behind[:1]}
        return {
            "format": "pharmatrace-proof/v1",
            "envelope": envelope_json(envelope),
            "accepted_ms": accepted_ms,
            "leaves": [
                {
                    "leaf": self.leaves[first + number].encode().hex(),
                    "salt": format_base64(salt),
                    "position": number,
                    "proof": self.place(first + number),
                }
                for number, salt in enumerate(salts)
            ],
            "map_root": self.placed(self.tree.size - 1),
            **{name: self.placed(found[0]) for name, found in around.items() if found},
            "keys": [envelope_json(self.said[each][0]) for each in keys],
        }

    def receipt(self, name, *, signer="receipts"):
        envelope, accepted_ms, first, salts = self.said[name]
        return build_receipt(
            ledger=ORIGIN,
            statement_id=statement_id(envelope),
            accepted_ms=accepted_ms,
            commitments=[
                self.leaves[first + number].commitment for number in range(len(salts))
            ],
            key=key(signer),
        )


def named(name):
    return NamedKey(public_key_of(key(name)), f"id-of-{name}")


def statement(kind, by, signer, subjects, body):
    return Statement(
        ledger=ORIGIN,
        kind=kind,
        by=by,
        signer=f"id-of-{signer}",
        meaning="I am responsible for this",
        at_ms=AT,
        expires_ms=AT + 86_400_000,
        nonce=fixed(f"nonce {kind} {signer}", 16),
        subjects=tuple(sorted(subjects, key=lambda each: each.tag)),
        parents=(),
        body=body,
    )


def party(gln):
    return Subject(party_tag(TAG_KEY, gln=gln))


def of_key(name):
    return Subject(key_tag(TAG_KEY, keyid=public_key_of(key(name)).keyid))


def genesis(operator="operator"):
    body = Genesis(
        origin=ORIGIN,
        operator=Authority(
            OPERATOR, "PharmaTrace Operations", "CH", "operator", (named(operator),)
        ),
        authorities=(
            Authority(
                REGULATOR,
                "Medicines Authority",
                "CH",
                "regulator",
                (named("regulator"),),
            ),
        ),
        receipt_keys=(public_key_of(key("receipts")),),
        log_vkeys=(LOG.verifier.format(),),
        webauthn=WebauthnScope("trace.example", frozenset({"https://trace.example"})),
        law_version=1,
        map_version=1,
    )
    subject = Subject(CONFIG_TAG)
    return statement("genesis", OPERATOR, operator, [subject], body.to_json())


def admit():
    body = PartyAdmit(NOVAMED, "Novamed", "DE", named("nora"), of_key("nora").tag)
    subjects = [party(NOVAMED), of_key("nora")]
    return statement("party.admit", REGULATOR, "regulator", subjects, body.to_json())


def enrol(name="nils"):
    new = public_key_of(key(name))
    tag = of_key(name).tag
    body = KeyEnrol(NOVAMED, new, f"id-of-{name}", "signer", tag).to_json()
    return statement("key.enrol", NOVAMED, "nora", [party(NOVAMED), of_key(name)], body)


def commission():
    event = build.commission_lot(
        Occasion(AT - 60_000, PLANT, "+01:00"),
        gtin="09521568251204",
        lot="A123",
        expiry_date=date(2028, 2, 29),
        size=len(SERIALS),
    )
    root = serials_root(seed=SEED, gtin="09521568251204", base=0, serials=SERIALS)
    subject = Subject(
        batch_tag(TAG_KEY, gtin="09521568251204", lot="A123"),
        moved=Moved(3, set_digest(((0, 2),))),
        serials=Serials(0, 3, root, "09521568251204", "A123", date(2028, 2, 29)),
    )
    return statement("event", NOVAMED, "nils", [subject], event_json(event))


def small_ledger(*signers):
    """genesis, Novamed with Nora's key, Nils' key; in a second run three packs."""
    ledger = Ledger()
    ledger.append("genesis", genesis(), "operator", "regulator")
    ledger.append("admit", admit(), "regulator", "operator", "nora")
    ledger.append("enrol", enrol(), "nora", "nils")
    ledger.seal()
    ledger.append("commission", commission(), "nils")
    ledger.close(*signers)
    return ledger


def dumped(document):
    return json.dumps(document).encode()
