"""What a replay learns of parties, products and recalls from their statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from apps.core.bodies import (
    Genesis,
    PartyAdmit,
    PartyLicence,
    ProductRegister,
    RecallAmend,
    RecallClose,
    RecallOpen,
    parse_body,
)
from apps.core.custody import Licence, OpenRecall, Party, verify_law
from apps.core.statement import Statement
from apps.custody.queries.load import regulators_of
from apps.ledger.queries import StoredStatement

if TYPE_CHECKING:
    from apps.custody.queries.replay import Replay


def _genesis(replay: Replay, row: StoredStatement, statement: Statement) -> None:
    body = parse_body(statement.kind, statement.body)
    assert isinstance(body, Genesis)  # noqa: S101 - the kind says so
    verify_law(body.law_version)
    replay.state.regulators = regulators_of(body)


def _admit(replay: Replay, row: StoredStatement, statement: Statement) -> None:
    body = parse_body(statement.kind, statement.body)
    assert isinstance(body, PartyAdmit)  # noqa: S101 - the kind says so
    replay.state.parties.setdefault(body.gln, Party(body.gln))


def _license(replay: Replay, row: StoredStatement, statement: Statement) -> None:
    body = parse_body(statement.kind, statement.body)
    assert isinstance(body, PartyLicence)  # noqa: S101 - the kind says so
    known = replay.state.parties.get(body.gln, Party(body.gln))
    licence = Licence(
        role=body.role,
        gs1_prefixes=tuple(body.gs1_prefixes),
        scope=tuple(body.scope),
        from_ms=body.from_ms,
        to_ms=body.to_ms,
        is_suspended=body.is_suspended,
    )
    others = tuple(each for each in known.licences if each.role != body.role)
    # A party's sites are those of its current licences, one licence a role.
    named = replay.sites.setdefault(body.gln, {})
    named[body.role] = frozenset(site.gln for site in body.sites)
    sites = frozenset().union(*named.values())
    replay.state.parties[body.gln] = Party(body.gln, (*others, licence), sites)


def _register(replay: Replay, row: StoredStatement, statement: Statement) -> None:
    body = parse_body(statement.kind, statement.body)
    assert isinstance(body, ProductRegister)  # noqa: S101 - the kind says so
    replay.owners[body.gtin] = body.brand_owner


def _open(replay: Replay, row: StoredStatement, statement: Statement) -> None:
    body = parse_body(statement.kind, statement.body)
    assert isinstance(body, RecallOpen)  # noqa: S101 - the kind says so
    replay.scopes[row.id] = (body.gtin, body.scope)
    replay.state.recalls[row.id] = OpenRecall(row.id, statement.by, body.return_to, {})
    replay.cover_all()


def _amend(replay: Replay, row: StoredStatement, statement: Statement) -> None:
    body = parse_body(statement.kind, statement.body)
    assert isinstance(body, RecallAmend)  # noqa: S101 - the kind says so
    gtin, _ = replay.scopes[body.recall]
    replay.scopes[body.recall] = (gtin, body.scope)
    replay.cover_all()


def _close(replay: Replay, row: StoredStatement, statement: Statement) -> None:
    body = parse_body(statement.kind, statement.body)
    assert isinstance(body, RecallClose)  # noqa: S101 - the kind says so
    replay.scopes.pop(body.recall, None)
    replay.state.recalls.pop(body.recall, None)
    replay.cover_all()


READERS: Final[Mapping[str, Callable[[Replay, StoredStatement, Statement], None]]] = {
    "genesis": _genesis,
    "party.admit": _admit,
    "party.licence": _license,
    "product.register": _register,
    "recall.open": _open,
    "recall.amend": _amend,
    "recall.close": _close,
}
