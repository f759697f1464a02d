"""What judged events change, written: one statement on PostgreSQL, few on SQLite.

On PostgreSQL rows travel as JSON, a list a table, and every table has its part of one
statement; parts see what stood before it, so rows find each other by its own answers.
"""

# ruff: noqa: S608 - only constants are put together; values are arguments.

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

from django.db import connection

from apps.core.custody import Place
from apps.custody.operations.changes import Changes, Values
from apps.custody.references import reference_bytes, references
from apps.edge.lists import among, numbers, texts

_NAMES: Final = "abcdefghijklmnop"  # of the columns of a list of rows
_EVENT: Final = (
    "accepted_ms, event_time_ms, is_inferred, is_corrected, ref, parent_ref,"
    " shipment_ref, rule, biz_step, disposition, action, by, site, counterparty,"
    " containers"
)
_ENDS: Final = (
    "source_holder, source_site, source_status, target_holder, target_site,"
    " target_status, count, units"
)
_IN: Final = "batch_id, line_id, chunk_no, first, last"
_PLACE: Final = "batch_id, holder, site, status, count, units"
_SENT: Final = (
    "sender, sender_site, addressee, addressee_site, purpose, documents, is_open"
)
_LISTED: Final = "batch_id, sent, open_units, sent_count, open_count"
_SHORT: Final = "shipment_id, batch_id, count, receipt_ref, is_settled"
# Name of each list of rows, and the types of its columns: a letter each.
_KINDS: Final = {"t": "text", "i": "int", "n": "bigint", "b": "bool", "x": "bytea",
                 "j": "jsonb"}  # fmt: skip
_COLUMNS: Final = {
    "e": "nnbbxxxtttttttj",
    "l": "xnttttttixj",
    "hu": "nix",
    "hn": "ntttix",
    "d": "xtttttjb",
    "dl": "xnxxii",
    "du": "nix",
    "dc": "nb",
    "sn": "nnitb",
    "o": "nttx",
    "c": "ntttn",
    "i": "nnix",
    "x": "nn",
}


def _given(name: str) -> str:
    """The rows of a list as a table `g` with columns a, b and so on."""
    columns = (f"{_NAMES[n]} {_KINDS[c]}" for n, c in enumerate(_COLUMNS[name]))
    return f"json_to_recordset(%({name})s) g({','.join(columns)})"


def _columns(first: int, last: int) -> str:
    return ",".join(f"g.{_NAMES[n - 1]}" for n in range(first, last + 1))


# The part that each list has in the one statement, in order.
_PARTS: Final = {
    "e": f"""e AS (
  INSERT INTO custody_event ({_EVENT}) SELECT {_columns(1, 15)}
  FROM {_given("e")} RETURNING id, ref)""",
    "l": f"""l AS MATERIALIZED (
  SELECT nextval(pg_get_serial_sequence('custody_eventline', 'id')) AS id,
    e.id AS event_id, {_columns(2, 11)}
  FROM {_given("l")} JOIN e ON e.ref = g.a),
li AS (
  INSERT INTO custody_eventline (id, event_id, batch_id, {_ENDS})
  SELECT id,event_id,b,c,d,e,f,g,h,i,j FROM l),
lc AS (
  INSERT INTO custody_eventchunk ({_IN})
  SELECT l.b, l.id, (ends->>0)::int, (ends->>1)::int, (ends->>2)::int
  FROM l, jsonb_array_elements(l.k) chunk(ends))""",
    "hu": f"""hu AS (
  UPDATE custody_holding h SET count = g.b, units = g.c
  FROM {_given("hu")} WHERE h.id = g.a)""",
    "hn": f"""hn AS (
  INSERT INTO custody_holding ({_PLACE}) SELECT {_columns(1, 6)}
  FROM {_given("hn")} RETURNING id, batch_id, holder, site, status)""",
    "d": f"""d AS (
  INSERT INTO custody_shipment (event_id, {_SENT}) SELECT e.id, {_columns(2, 8)}
  FROM {_given("d")} JOIN e ON e.ref = g.a)""",
    "dl": f"""dl AS (
  INSERT INTO custody_shipmentline (shipment_id, {_LISTED})
  SELECT e.id, {_columns(2, 6)} FROM {_given("dl")} JOIN e ON e.ref = g.a)""",
    "du": f"""du AS (
  UPDATE custody_shipmentline s SET open_count = g.b, open_units = g.c
  FROM {_given("du")} WHERE s.id = g.a)""",
    "dc": f"""dc AS (
  UPDATE custody_shipment s SET is_open = g.b
  FROM {_given("dc")} WHERE s.event_id = g.a)""",
    "su": """su AS (
  UPDATE custody_discrepancy SET is_settled = true
  WHERE shipment_id = ANY(%(su)s::bigint[]) AND NOT is_settled)""",
    "sn": f"""sn AS (
  INSERT INTO custody_discrepancy ({_SHORT}, kind)
  SELECT {_columns(1, 5)}, 'shortage' FROM {_given("sn")})""",
    "o": f"""o AS (
  INSERT INTO custody_batchhold (batch_id, owner, reason, units)
  SELECT {_columns(1, 4)} FROM {_given("o")}
  ON CONFLICT (batch_id, owner, reason) DO UPDATE SET units = excluded.units)""",
    "k": """k AS (
  UPDATE custody_event SET is_corrected = true WHERE ref = ANY(%(k)s::bytea[]))""",
    "c": f"""c AS (
  UPDATE custody_container b
  SET holder = g.b, site = g.c, status = g.d, parent_id = g.e
  FROM {_given("c")} WHERE b.id = g.a)""",
    "i": f"""i AS (
  INSERT INTO custody_containerline (container_id, batch_id, count, units)
  SELECT {_columns(1, 4)} FROM {_given("i")}
  ON CONFLICT (container_id, batch_id)
  DO UPDATE SET count = excluded.count, units = excluded.units)""",
    "x": f"""x AS (
  DELETE FROM custody_containerline t USING {_given("x")}
  WHERE t.container_id = g.a AND t.batch_id = g.b)""",
}


@cache
def _statement(names: tuple[str, ...]) -> str:
    """One statement for these lists; PostgreSQL opens every table that it names."""
    parts = ",\n".join(_PARTS[name] for name in names)
    places = "SELECT id, batch_id, holder, site, status FROM hn"
    return f"WITH {parts}\n{places if 'hn' in names else 'SELECT 1'}"


def _marks(count: int) -> str:
    return ", ".join(["%s"] * count)


_ID_OF: Final = "(SELECT id FROM custody_event WHERE ref = %s)"
_ONE_BY_ONE: Final = {
    "e": f"INSERT INTO custody_event ({_EVENT}) VALUES ({_marks(15)})",
    "hu": "UPDATE custody_holding SET count = %s, units = %s WHERE id = %s",
    "hn": f"INSERT INTO custody_holding ({_PLACE}) VALUES ({_marks(6)})",
    "d": f"INSERT INTO custody_shipment (event_id, {_SENT})"
    f" VALUES ({_ID_OF}, {_marks(7)})",
    "dl": f"INSERT INTO custody_shipmentline (shipment_id, {_LISTED})"
    f" VALUES ({_ID_OF}, {_marks(5)})",
    "du": "UPDATE custody_shipmentline SET open_count = %s, open_units = %s"
    " WHERE id = %s",
    "dc": "UPDATE custody_shipment SET is_open = %s WHERE event_id = %s",
    "su": "UPDATE custody_discrepancy SET is_settled = 1"
    " WHERE shipment_id = %s AND NOT is_settled",
    "sn": f"INSERT INTO custody_discrepancy ({_SHORT}, kind)"
    f" VALUES ({_marks(5)}, 'shortage')",
    "o": f"INSERT INTO custody_batchhold (batch_id, owner, reason, units)"
    f" VALUES ({_marks(4)})"
    " ON CONFLICT (batch_id, owner, reason) DO UPDATE SET units = excluded.units",
    "k": "UPDATE custody_event SET is_corrected = 1 WHERE ref = %s",
    "c": "UPDATE custody_container SET holder = %s, site = %s, status = %s,"
    " parent_id = %s WHERE id = %s",
    "i": "INSERT INTO custody_containerline (container_id, batch_id, count, units)"
    f" VALUES ({_marks(4)}) ON CONFLICT (container_id, batch_id)"
    " DO UPDATE SET count = excluded.count, units = excluded.units",
    "x": "DELETE FROM custody_containerline WHERE container_id = %s AND batch_id = %s",
}
_UPDATES: Final = frozenset({"hu", "du", "dc", "c"})  # their first column comes last
_LINE: Final = (
    f"INSERT INTO custody_eventline (id, event_id, batch_id, {_ENDS})"
    f" VALUES (%s, {_ID_OF}, {_marks(9)})"
)
_CHUNK: Final = f"INSERT INTO custody_eventchunk ({_IN}) VALUES ({_marks(5)})"


def write(changes: Changes) -> None:
    """Write everything but the forward vectors; new rows get to be known to the ground.

    Raises:
        IntegrityError: somebody was faster with a holding or a container.
    """
    if changes.new_boxes:
        _write_boxes(changes)
    lists = {
        "e": changes.event_rows(),
        "l": changes.line_rows(),
        "hu": changes.held_rows(),
        "hn": changes.new_held_rows(),
        "d": changes.despatch_rows(),
        "dl": changes.despatched_rows(),
        "du": changes.settled_rows(),
        "dc": changes.closed_rows(),
        "sn": changes.shortage_rows(),
        "o": changes.hold_rows(),
        "c": changes.box_rows(),
        "i": changes.inside_rows(),
        "x": changes.emptied_rows(),
    }
    rows = {name: found for name, each in lists.items() if (found := list(each))}
    if connection.vendor == "postgresql":
        _write_at_once(changes, rows)
    else:
        _write_one_by_one(changes, rows)


def _write_at_once(changes: Changes, rows: dict[str, list[Values]]) -> None:
    given: dict[str, Any] = {n: _as_json(_COLUMNS[n], own) for n, own in rows.items()}
    received, corrected = changes.received_rows(), changes.corrected_rows()
    given |= {"su": numbers(received)} if received else {}
    given |= {"k": references(corrected)} if corrected else {}
    names = tuple(name for name in _PARTS if name in given)
    with connection.cursor() as cursor:
        cursor.execute(_statement(names), given)
        if "hn" in names:
            for key, batch_id, *place in cursor.fetchall():
                changes.ground.holdings[batch_id, Place(*place)] = key


def _as_json(kinds: str, rows: list[Values]) -> str:
    """The rows as one argument; bytes in the form in which PostgreSQL reads them."""
    places = [n for n, kind in enumerate(kinds) if kind == "x"]
    return json.dumps([_named(row, places) for row in rows], separators=(",", ":"))


def _named(row: Values, places: list[int]) -> dict[str, Any]:
    named = dict(zip(_NAMES, row, strict=False))
    for place in places:
        named[_NAMES[place]] = f"\\x{row[place].hex()}"
    return named


def _write_one_by_one(changes: Changes, rows: dict[str, list[Values]]) -> None:
    rows["su"] = [(row,) for row in changes.received_rows()]
    rows["k"] = [(reference_bytes(ref),) for ref in changes.corrected_rows()]
    with connection.cursor() as cursor:
        for name, sql in _ONE_BY_ONE.items():
            part = [tuple(map(_plain, row)) for row in rows.get(name, ())]
            if name in _UPDATES:
                part = [(*row[1:], row[0]) for row in part]
            if part:
                cursor.executemany(sql, part)
        _write_lines(cursor, rows.get("l", ()))
        _learn_places(changes, cursor, rows.get("hn", ()))


def _learn_places(changes: Changes, cursor: Any, rows: Sequence[Values]) -> None:
    if not rows:
        return
    cursor.execute(
        "SELECT id, batch_id, holder, site, status FROM custody_holding"
        " WHERE (batch_id, holder) IN (SELECT json_extract(value, '$[0]'),"
        " json_extract(value, '$[1]') FROM json_each(%s))",
        [json.dumps([row[:2] for row in rows])],
    )
    for key, batch_id, *place in cursor.fetchall():
        changes.ground.holdings[batch_id, Place(*place)] = key


def _plain(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


def _write_lines(cursor: Any, rows: Sequence[Values]) -> None:
    if not rows:
        return
    # Nobody else writes now (IMMEDIATE), so the next numbers are free.
    cursor.execute(
        "SELECT coalesce(max(seq), 0) FROM sqlite_sequence"
        " WHERE name = 'custody_eventline'"
    )
    first = cursor.fetchone()[0] + 1
    cursor.executemany(_LINE, [(key, *row[:-1]) for key, row in enumerate(rows, first)])
    cursor.executemany(
        _CHUNK,
        [(row[1], key, *e) for key, row in enumerate(rows, first) for e in row[-1]],
    )


_NEW_BOX: Final = (
    "INSERT INTO custody_container (epc, holder, site, status) VALUES (%s, %s, %s, %s)"
)


def _write_boxes(changes: Changes) -> None:
    """New containers first: others refer to their rows."""
    boxes = [(epc, *changes.state.containers[epc].place) for epc in changes.new_boxes]
    with connection.cursor() as cursor:
        cursor.executemany(_NEW_BOX, boxes)
        _learn(changes, cursor, changes.new_boxes)


def _learn(changes: Changes, cursor: Any, epcs: Iterable[str]) -> None:
    cursor.execute(
        f"SELECT epc, id FROM custody_container WHERE epc {among('epcs')}",  # constants
        {"epcs": texts(epcs)},
    )
    changes.ground.boxes.update(cursor.fetchall())
