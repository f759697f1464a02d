"""pharmatrace-monitor: follow a log, derive all of it again, and name its first lie.

It fetches what anybody may fetch: the checkpoint, the entries and the tiles. It keeps
one SQLite file and goes on from there, so every later answer is held against every
earlier one. Exit code 0: all held; 1: a lie, with its evidence; 2: not checked.
With --receipt it prints the stretch of the log in which a promise had to be kept.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ..errors import IntegrityBreach, TraceError, Unavailable
from ..policy import Policy
from ..receipt import parse_receipt, read_receipt_file
from ..strict import format_base64
from .console import REFUSED, UNREADABLE, read_input, tell
from .monitor_http import HttpLog
from .monitor_round import Monitor, Round
from .monitor_state import Evidence, MonitorState
from .monitor_window import fetch_window

_STOPPED: Final = 130
_INTERVAL_SECONDS: Final = 60


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    options = _parser().parse_args(sys.argv[1:] if arguments is None else arguments)
    try:
        if options.receipt:
            return _show_window(options)
        with MonitorState(Path(options.state)) as state:
            if options.evidence:
                return _show_evidence(state)
            return _watch(options, state)
    except IntegrityBreach as error:
        tell(f"the state is damaged, start with a new one: {error}")
        return UNREADABLE
    except TraceError as error:
        tell(f"refused: {error}")
        return REFUSED
    except (OSError, sqlite3.Error) as error:
        tell(f"cannot read or write: {error}")
        return UNREADABLE
    except KeyboardInterrupt:
        return _STOPPED


def _show_window(options: argparse.Namespace) -> int:
    policy = Policy.parse(read_input(options.policy))
    receipt = parse_receipt(read_receipt_file(read_input(options.receipt)))
    with HttpLog(options.url) as files:
        window = fetch_window(files, policy=policy, promised=receipt)
    print(json.dumps(window.to_json()))
    return 0


def _watch(options: argparse.Namespace, state: MonitorState) -> int:
    policy = Policy.parse(read_input(options.policy))
    with HttpLog(options.url) as files:
        monitor = Monitor(files, policy=policy, state=state)
        while True:
            code = _follow(monitor, state, is_json=options.json)
            if options.once or code == REFUSED:
                return code
            time.sleep(options.interval)


def _follow(monitor: Monitor, state: MonitorState, *, is_json: bool) -> int:
    now_ms = time.time_ns() // 1_000_000
    try:
        found = monitor.follow(now_ms=now_ms)
    except Unavailable as error:
        _say_unchecked(error, state, now_ms, is_json=is_json)
        return UNREADABLE
    except IntegrityBreach:
        raise
    except TraceError as error:
        _say_refusal(error, is_json=is_json)
        return REFUSED
    _say_round(found, state.count_evidence(), now_ms, is_json=is_json)
    return 0


def _say_round(found: Round, refused: int, now_ms: int, *, is_json: bool) -> None:
    age = (now_ms - found.time_ms) // 1000 if found.head.tree_size else None
    said = {
        "at": _time(now_ms),
        "origin": found.head.origin,
        "size": found.head.tree_size,
        "root": format_base64(found.head.root_hash),
        "new_leaves": found.new_leaves,
        "tags": found.tags,
        "last_leaf_age_seconds": age,
        "witnesses": found.witnesses,
        "refusals_on_record": refused,
    }
    if is_json:
        print(json.dumps(said), flush=True)
        return
    print(
        f"{said['at']} ok: {found.head.origin} size {found.head.tree_size}"
        f" (+{found.new_leaves}), root {said['root']}, {found.tags} tags,"
        f" last leaf {'none' if age is None else f'{age} s ago'},"
        f" witnesses: {', '.join(found.witnesses) or 'none'}"
        + (f"; REFUSALS ON RECORD: {refused}" if refused else ""),
        flush=True,
    )


def _say_unchecked(
    error: Unavailable, state: MonitorState, now_ms: int, *, is_json: bool
) -> None:
    """What did not come; and for how long a head waits whose leaves do not come."""
    size = state.get_place().size
    waiting = [shown for shown in state.list_shown() if shown.size > size]
    seconds = (now_ms - waiting[0].at_ms) // 1000 if waiting else 0
    if is_json:
        said = {
            "at": _time(now_ms),
            "not_checked": error.code,
            "detail": str(error),
            "head_waiting": waiting[0].size if waiting else None,
            "waiting_seconds": seconds,
        }
        print(json.dumps(said), flush=True)
        return
    line = f"{_time(now_ms)} not checked: {error}"
    if waiting:
        line += f"; the head of {waiting[0].size} leaves waits for {seconds} s"
    print(line, flush=True)


def _say_refusal(error: TraceError, *, is_json: bool) -> None:
    evidence: Evidence = error.extra["evidence"]
    if not is_json:
        _print_evidence(evidence)
        tell(f"refused: {error.code}: {error}")
        return
    said = {
        "at": _time(evidence.at_ms),
        "refused": error.code,
        "detail": str(error),
        "before": _text(evidence.before),
        "now": _text(evidence.now),
    }
    print(json.dumps(said), flush=True)


def _show_evidence(state: MonitorState) -> int:
    lies = state.list_evidence()
    for each in lies:
        _print_evidence(each)
    return REFUSED if lies else 0


def _print_evidence(evidence: Evidence) -> None:
    print(f"== {_time(evidence.at_ms)} {evidence.refusal}")
    print("== shown before")
    print(_text(evidence.before) or "nothing")
    print("== shown then")
    print(_text(evidence.now) or "nothing", flush=True)


def _text(note: bytes | None) -> str | None:
    return None if note is None else note.decode("utf-8", "replace")


def _time(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 1 <= seconds <= 86_400:
        raise argparse.ArgumentTypeError("wanted 1 to 86400 seconds")
    return seconds


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pharmatrace-monitor", description=__doc__)
    parser.add_argument("url", help="where the log serves `checkpoint`: https://…/log")
    parser.add_argument("--policy", required=True, help="C2SP trust policy")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--state", help="SQLite file, kept for ever")
    what.add_argument(
        "--receipt",
        help="print the stretch of the log that shows what became of this receipt, "
        "for pharmatrace-verify, and end",
    )
    parser.add_argument("--once", action="store_true", help="one round, then end")
    parser.add_argument(
        "--interval",
        type=_seconds,
        default=_INTERVAL_SECONDS,
        help="seconds between rounds",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object a round")
    parser.add_argument(
        "--evidence", action="store_true", help="show what was refused before, and end"
    )
    return parser


if __name__ == "__main__":  # `python -m …` must never end well by doing nothing
    sys.exit(run())
