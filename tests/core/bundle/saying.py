"""Statements signed for real on a ledger in memory: parties, keys, products."""

import random
from dataclasses import dataclass, field
from datetime import date

from apps.core.bodies import (
    Authority,
    Genesis,
    KeyEnrol,
    KeyRevoke,
    PartyAdmit,
    PartyLicence,
    ProductRegister,
    SiteNamed,
)
from apps.core.custody import (
    CustodyEvent,
    Licence,
    Party,
    State,
)
from apps.core.delegation import Delegation, build_delegation
from apps.core.envelope import (
    DELEGATION_TYPE,
    STATEMENT_TYPE,
    Signature,
    build_envelope,
    pae,
    statement_id,
)
from apps.core.leaf import (
    CONFIG_TAG,
    LeafType,
    key_tag,
    party_tag,
    product_tag,
)
from apps.core.ranges import set_digest
from apps.core.signing import public_key_of, sign, sign_envelope
from apps.core.statement import Statement, Subject, build_statement
from apps.core.subjects import Moved, Reference
from apps.core.webauthn import WebauthnScope
from tests.core.outside.small_ledger import (
    AT,
    LOG,
    ORIGIN,
    TAG_KEY,
    Ledger,
    fixed,
    key,
    named,
)

OPERATOR, REGULATOR = "9506000100012", "9501101000018"
NOVAMED, NOVAMED_DC = "9521568000017", "9521568000024"
TRANSPHARM, TRANSPHARM_DC = "9529999000019", "9529999000026"
STELLA, STELLA_SHOP = "9520001000010", "9520001000027"
RIVER, RIVER_SHOP = "9520002000019", "9520002000026"
GTIN, OTHER_GTIN = "09521568251204", "09521568310017"
EXPIRY = date(2028, 2, 29)
DAY = 86_400_000
RUN_MS = 30_000
LENT_MS = DAY // 4
SITES = {
    NOVAMED: NOVAMED_DC,
    TRANSPHARM: TRANSPHARM_DC,
    STELLA: STELLA_SHOP,
    RIVER: RIVER_SHOP,
}
ROLES = {
    NOVAMED: "manufacturer",
    TRANSPHARM: "wholesaler",
    STELLA: "pharmacy",
    RIVER: "pharmacy",
}
ADMINS = {NOVAMED: "nora", TRANSPHARM: "tom", STELLA: "stella", RIVER: "rose"}


@dataclass
class Said:
    """A statement that was said, and what of its units."""

    statement: Statement
    units: dict = field(default_factory=dict)  # by tag, of kind event
    lines: list = field(default_factory=list)  # of kind events: Line
    seed: bytes = b""
    serials: list = field(default_factory=list)


@dataclass
class Line:
    """A line of a file, the bytes, the event and the units."""

    number: int
    data: bytes
    event: CustodyEvent
    said: object
    rule: str
    corrects: str


class Speaking:
    """A ledger in memory, to which its cast says things."""

    def __init__(self, seed=0):
        self.rng = random.Random(seed)
        self.ledger = Ledger()
        self.at_ms = AT
        self.state = State(regulators=frozenset({REGULATOR}))
        self.said = {}  # by statement id
        self.rules = {}  # by reference of an event: rule, and what it corrects
        self.events = {}  # by reference: EpcisEvent, by
        self.where = {}  # pack: (tag, ordinal)
        self.serials = {}
        self.scopes = {}
        self.held = {}
        self.signers = dict(ADMINS)
        self.owners = {}
        self._count = 0

    # --- saying -----------------------------------------------------------------

    def say(self, kind, by, body, subjects, keys=(), parents=(), **more):
        """Sign a statement, log it; its id."""
        statement, envelope = self._signed(kind, by, body, subjects, keys, parents)
        return self._log(statement, envelope, **more)

    def _signed(self, kind, by, body, subjects, keys=(), parents=(), lent=None):
        self._count += 1
        signer = keys[0] if keys else self.signers[by]
        statement = Statement(
            ledger=ORIGIN,
            kind=kind,
            by=by,
            signer=f"id-of-{signer}",
            meaning="I am responsible for this",
            at_ms=self.at_ms,
            expires_ms=self.at_ms + DAY,
            nonce=fixed(f"nonce {self._count}", 16),
            subjects=tuple(sorted(subjects, key=lambda each: each.tag)),
            parents=tuple(map(Reference.parse, parents)),
            body=body,
        )
        payload = build_statement(statement)
        if lent is not None:
            return statement, self._lent(payload, signer, lent)
        envelope = sign_envelope(
            payload_type=STATEMENT_TYPE,
            payload=payload,
            private_keys=[key(each) for each in keys or (signer,)],
        )
        return statement, envelope

    def _lent(self, payload, signer, by):
        device = key(f"device {self._count}")
        delegation = sign_envelope(
            payload_type=DELEGATION_TYPE,
            payload=build_delegation(
                Delegation(
                    ORIGIN, by, f"id-of-{signer}", "signer", SITES[by],
                    public_key_of(device), self.at_ms - 1_000, self.at_ms + LENT_MS,
                )
            ),
            private_keys=[key(signer)],
        )  # fmt: skip
        covered = pae(STATEMENT_TYPE, payload)
        made = Signature(
            public_key_of(device).keyid, sign(device, covered), None, delegation
        )
        return build_envelope(
            payload_type=STATEMENT_TYPE, payload=payload, signatures=[made]
        )

    def _log(self, statement, envelope, **more):
        if self.at_ms > self.ledger.time_ms:
            self.seal()
        identity, at_ms = statement_id(envelope), self.at_ms
        self.ledger.append_envelope(identity, envelope, statement, accepted_ms=at_ms)
        self.said[identity] = Said(statement, **more)
        self.at_ms += 1_000
        if self.rng.random() < 0.3:
            self.seal()
        return identity

    def seal(self):
        """End a run of the log, if anything was said in it."""
        if self.ledger.leaves and self.ledger.leaves[-1].kind is not LeafType.MAP_ROOT:
            self.ledger.seal()
        self.ledger.time_ms = max(self.ledger.time_ms, self.at_ms + RUN_MS)

    def close(self):
        """End the log: map root, tree and a signed checkpoint."""
        self.seal()
        self.ledger.sign()

    # --- parties ----------------------------------------------------------------

    def begin(self):
        """Genesis, everybody admitted and licensed, two products."""
        self.ledger.time_ms = self.at_ms + RUN_MS
        body = Genesis(
            origin=ORIGIN,
            operator=Authority(
                OPERATOR, "Operations", "CH", "operator", (named("operator"),)
            ),
            authorities=(
                Authority(
                    REGULATOR, "Authority", "CH", "regulator", (named("regulator"),)
                ),
            ),
            receipt_keys=(public_key_of(key("receipts")),),
            log_vkeys=(LOG.verifier.format(),),
            webauthn=WebauthnScope(
                "trace.example", frozenset({"https://trace.example"})
            ),
            law_version=1,
            map_version=1,
        )
        self.genesis = self.say(
            "genesis", OPERATOR, body.to_json(), [Subject(CONFIG_TAG)],
            ("operator", "regulator"),
        )  # fmt: skip
        for gln in SITES:
            self.admit(gln)
        for gtin in (GTIN, OTHER_GTIN):
            self.register(gtin)
        return self

    def admit(self, gln):
        name = ADMINS[gln]
        tag = key_tag(TAG_KEY, keyid=public_key_of(key(name)).keyid)
        body = PartyAdmit(gln, f"Party {gln[3:7]}", "DE", named(name), tag).to_json()
        subjects = [Subject(party_tag(TAG_KEY, gln=gln)), Subject(tag)]
        self.say(
            "party.admit", REGULATOR, body, subjects, ("regulator", "operator", name)
        )
        self.license(gln)

    def license(self, gln, *, suspended=False, to_ms=None):
        prefix = "9521568" if gln == NOVAMED else gln[:7]
        body = PartyLicence(
            gln, ROLES[gln], (prefix,), (SiteNamed(SITES[gln], "Site"),), ("*",),
            AT - DAY, to_ms, suspended,
        )  # fmt: skip
        subjects = [Subject(party_tag(TAG_KEY, gln=gln))]
        self.say(
            "party.licence",
            REGULATOR,
            body.to_json(),
            subjects,
            ("regulator", "operator"),
        )
        licence = Licence(ROLES[gln], (prefix,), ("*",), AT - DAY, to_ms, suspended)
        self.state.parties[gln] = Party(gln, (licence,), frozenset({SITES[gln]}))

    def enrol(self, gln, name):
        new = public_key_of(key(name))
        tag = key_tag(TAG_KEY, keyid=new.keyid)
        body = KeyEnrol(gln, new, f"id-of-{name}", "signer", tag).to_json()
        subjects = [Subject(party_tag(TAG_KEY, gln=gln)), Subject(tag)]
        self.say("key.enrol", gln, body, subjects, (ADMINS[gln], name))
        self.signers[gln] = name

    def revoke(self, gln, name):
        keyid = public_key_of(key(name)).keyid
        subjects = [Subject(key_tag(TAG_KEY, keyid=keyid))]
        self.say(
            "key.revoke",
            gln,
            KeyRevoke(keyid, "lost").to_json(),
            subjects,
            (ADMINS[gln],),
        )
        self.signers[gln] = ADMINS[gln]

    def register(self, gtin):
        body = ProductRegister(
            gtin, "Novapril", "10 mg", "tablet", "30", NOVAMED
        ).to_json()
        self.say(
            "product.register",
            NOVAMED,
            body,
            [Subject(product_tag(TAG_KEY, gtin=gtin))],
        )
        self.owners[gtin] = NOVAMED


def moved(units):
    return Moved(len(units), set_digest(units.ranges()))


def subjects_of(units, by):
    subjects = [
        Subject(bytes.fromhex(tag), moved=moved(part))
        for tag, part in units.items()
        if part
    ]
    return subjects or [Subject(party_tag(TAG_KEY, gln=by))]
