"""The bodies of all kinds but `event`, typed; and what body and statement must share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from .canonical import JsonValue
from .errors import MalformedInput
from .fields import Fields
from .genesis_body import Authority, Genesis
from .leaf import CONFIG_TAG
from .ledger_bodies import Erasure, EventsFile
from .party_bodies import (
    ANY_PRODUCT,
    KEY_ROLES,
    LICENCE_ROLES,
    KeyEnrol,
    KeyRevoke,
    NamedKey,
    PartyAdmit,
    PartyLicence,
    SiteNamed,
)
from .product_body import MarketCode, ProductRegister
from .reattest_body import KeyReattest
from .recall_bodies import (
    ANSWER_STATES,
    RecallAmend,
    RecallAnswer,
    RecallClose,
    RecallOpen,
)
from .statement import Statement

__all__ = [
    "ANSWER_STATES",
    "ANY_PRODUCT",
    "KEY_ROLES",
    "LICENCE_ROLES",
    "Authority",
    "Body",
    "Erasure",
    "EventsFile",
    "Genesis",
    "KeyEnrol",
    "KeyReattest",
    "KeyRevoke",
    "MarketCode",
    "NamedKey",
    "PartyAdmit",
    "PartyLicence",
    "ProductRegister",
    "RecallAmend",
    "RecallAnswer",
    "RecallClose",
    "RecallOpen",
    "SiteNamed",
    "parse_body",
    "read_body",
]

Body: TypeAlias = (
    PartyAdmit
    | PartyLicence
    | KeyEnrol
    | KeyRevoke
    | KeyReattest
    | ProductRegister
    | RecallOpen
    | RecallAmend
    | RecallClose
    | RecallAnswer
    | Erasure
    | Genesis
    | EventsFile
)

_READERS: Final[Mapping[str, Callable[[Fields], Body]]] = {
    "party.admit": PartyAdmit.read,
    "party.licence": PartyLicence.read,
    "key.enrol": KeyEnrol.read,
    "key.revoke": KeyRevoke.read,
    "key.reattest": KeyReattest.read,
    "product.register": ProductRegister.read,
    "recall.open": RecallOpen.read,
    "recall.amend": RecallAmend.read,
    "recall.close": RecallClose.read,
    "recall.answer": RecallAnswer.read,
    "erasure": Erasure.read,
    "genesis": Genesis.read,
    "events": EventsFile.read,
}


def parse_body(kind: str, body: Mapping[str, JsonValue]) -> Body:
    """Read the body of a statement of `kind`; an EPCIS event is `epcis.parse_event`'s.

    Raises:
        MalformedInput: an unknown kind or field, or a value its field cannot hold.
    Source: docs/statements.md.
    """
    reader = _READERS.get(kind)
    if reader is None:
        raise MalformedInput("unknown_word", field="kind", got=kind)
    fields = Fields(dict(body), where="body")
    read = reader(fields)
    fields.close()
    return read


def read_body(statement: Statement) -> Body:
    """As `parse_body`, and body and statement must agree with each other.

    Raises:
        MalformedInput: also `body_mismatch`: the recall is not among the parents,
            another party's key, a wrong number of subjects, another origin, counts
            that do not add up.
    """
    body = parse_body(statement.kind, statement.body)
    if isinstance(body, Genesis):
        _verify_genesis(statement, body)
    elif isinstance(body, RecallAmend | RecallClose | RecallAnswer):
        _verify_recall(statement, body)
    elif isinstance(body, EventsFile):
        _verify_events(statement, body)
    elif isinstance(body, KeyReattest):
        _verify_reattest(statement)
    else:
        _verify_subjects(statement, body)
    return body


def _verify_genesis(statement: Statement, body: Genesis) -> None:
    if (statement.ledger, statement.by) != (body.origin, body.operator.gln):
        raise _mismatch("origin", "the ledger and the operator that speak")
    if [subject.tag for subject in statement.subjects] != [CONFIG_TAG]:
        raise _mismatch("subjects", "the tag of the configuration alone")
    keyids = [key.key.keyid for party in body.parties for key in party.keys]
    keyids += [key.keyid for key in body.receipt_keys]
    if len(set(keyids)) != len(keyids):
        raise _mismatch("operator", "every key once")
    if len({party.gln for party in body.parties}) != len(body.parties):
        raise _mismatch("authorities", "every party once")


def _verify_recall(
    statement: Statement, body: RecallAmend | RecallClose | RecallAnswer
) -> None:
    if body.recall not in [parent.text for parent in statement.parents]:
        raise _mismatch("recall", "one of the parents")
    if isinstance(body, RecallAnswer):
        answered = sum(each.moved.n for each in statement.subjects if each.moved)
        if sum(body.counts.values()) != answered:
            raise _mismatch("counts", f"{answered} units in all")


def _verify_reattest(statement: Statement) -> None:
    """It names whole statements, and is one leaf: of the party's chain."""
    if not statement.parents or any(
        each.line is not None for each in statement.parents
    ):
        raise MalformedInput(
            "body_mismatch", field="parents", wanted="one statement or more, each whole"
        )
    _verify_count(statement, 1)


def _verify_events(statement: Statement, body: EventsFile) -> None:
    for subject in statement.subjects:
        if subject.events is not None and subject.events.size > body.count:
            raise _mismatch("count", "at least the events of each subject")


def _verify_subjects(statement: Statement, body: Body) -> None:
    if isinstance(body, KeyEnrol) and body.party != statement.by:
        raise _mismatch("party", statement.by)
    if isinstance(body, KeyEnrol | PartyAdmit):
        tags = [subject.tag for subject in statement.subjects]
        if body.key_tag not in tags:
            raise _mismatch("key_tag", "the tag of one of the subjects")
    # A party and its key, two chains; both must show the key's beginning.
    wanted = {"party.admit": 2, "key.enrol": 2, "party.licence": 1}
    needed = wanted.get(statement.kind)
    if needed is not None:
        _verify_count(statement, needed)


def _verify_count(statement: Statement, needed: int) -> None:
    if len(statement.subjects) != needed:
        raise MalformedInput(
            "body_mismatch",
            field="subjects",
            got=f"{len(statement.subjects)} subjects",
            wanted=f"{needed}",
        )


def _mismatch(name: str, wanted: str) -> MalformedInput:
    where = name if name == "subjects" else f"body.{name}"
    return MalformedInput("body_mismatch", field=where, wanted=wanted)
