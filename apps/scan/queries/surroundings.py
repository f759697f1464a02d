"""What stands around one pack for its asker, in one question: every scan asks it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from django.db import connection

from apps.core.custody import Licence, Party
from apps.custody.queries.members import (
    MAY_HOLD,
    chunk_lines,
    pack_arguments,
    with_pack,
)
from apps.custody.queries.units import (
    LINK_COLUMNS,
    Link,
    Unit,
    link_of,
    said_by_sql,
)

_Row = tuple[Any, ...]
_LINK, _LICENCE, _SUSPECTS = range(3)
_ASK: Final = f"""
SELECT {_LINK}, l.id, {LINK_COLUMNS},
  a.name, a.role, a.country, t.name, l.units, w.receipt
FROM {{lines}}
JOIN custody_event e ON e.id = l.event_id
LEFT JOIN partners_tradingpartner a ON a.gln = e."by"
LEFT JOIN partners_tradingpartner t ON t.gln = e.counterparty
LEFT JOIN ledger_vault w ON w.statement_id = {{statement}}
  AND %(gln)s IN (e."by", l.source_holder, l.target_holder, e.counterparty)
WHERE {MAY_HOLD}
UNION ALL
SELECT {_LICENCE}, c.id, c.from_ms, c.to_ms, c.is_suspended, FALSE,
  c.role, CAST(c.scope AS text), '', '', '', '', '', '', '', '', '', '', '',
  NULL, NULL
FROM partners_licence c
JOIN partners_tradingpartner p ON p.id = c.partner_id
WHERE p.gln = %(gln)s AND c.is_current
UNION ALL
SELECT {_SUSPECTS}, COUNT(*), 0, 0, FALSE, FALSE,
  '', '', '', '', '', '', '', '', '', '', '', '', '', NULL, NULL
FROM partners_signingkey k WHERE k.suspect_since_ms IS NOT NULL
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Named:
    """A partner as a timeline names it; role and country of who acted only."""

    name: str
    role: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The history of one pack, and what its asker is.

    Attributes:
        names: by GLN, of who acted and to whom.
        asker: with its current licences, without its sites.
        receipts: JSON, by statement, of links that concern the asker; not of erased ones.
        has_suspects: whether any key of the ledger was revoked as suspect.
    """

    asker: Party
    links: Sequence[Link] = ()
    names: Mapping[str, Named] = field(default_factory=dict)
    receipts: Mapping[str, bytes] = field(default_factory=dict)
    has_suspects: bool = False


@cache
def question() -> str:
    """What is asked, in the words of the database: a site has one."""
    return _ASK.format(lines=chunk_lines(), statement=said_by_sql())


def look_around(unit: Unit, *, gln: str) -> Surroundings:
    """Every link of the pack's custody, the first one first, and its asker's licences.

    Args:
        gln: of the asker, "" for a person of no organisation.
    """
    asked = pack_arguments(batch_id=unit.batch_id, ordinal=unit.ordinal)
    with connection.cursor() as cursor:
        cursor.execute(question(), {**asked, "gln": gln})
        rows = cursor.fetchall()
    rows.sort(key=lambda row: row[:2])
    lines = (row for row in rows if row[0] == _LINK)
    steps = list(with_pack(lines, unit.ordinal, place=19))
    links = [link_of(row[2:]) for row in steps]
    licences = [_licence(row) for row in rows if row[0] == _LICENCE]
    return Surroundings(
        asker=Party(gln=gln, licences=tuple(licences)),
        links=links,
        names=_names(steps),
        receipts={
            link.statement_id: bytes(row[20])
            for link, row in zip(links, steps, strict=True)
            if row[20] is not None
        },
        has_suspects=any(row[0] == _SUSPECTS and row[1] for row in rows),
    )


def _names(steps: Sequence[_Row]) -> dict[str, Named]:
    to = {row[12]: Named(row[18]) for row in steps if row[18] is not None}
    by = {row[7]: Named(*row[15:18]) for row in steps if row[15] is not None}
    return to | by


def _licence(row: _Row) -> Licence:
    _, _, from_ms, to_ms, is_suspended, _, role, scope = row[:8]
    return Licence(
        role=role,
        gs1_prefixes=(),
        scope=tuple(json.loads(scope)),
        from_ms=from_ms,
        to_ms=to_ms,
        is_suspended=bool(is_suspended),
    )
