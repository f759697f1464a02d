"""What the site's processes do in these tests: each act in a child of its own.

Run as `python -m tests.faults.acts` it sets Django up once and then forks a child an
order, before any connection is open: a process costs a tenth of a second that way, not
two seconds. A child waits at its gate until it is told to go on, so a tracer can be
attached to it, or a second one be started, before it does anything.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_PR_SET_PTRACER, _ANYBODY = 0x59616D61, 2**64 - 1


@dataclass
class Child:
    """A forked process before its end: its gate and the pipe of its answer."""

    pid: int
    gate: int
    answer: int


def main() -> None:
    """Read orders, one JSON line each; answer each with one."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "pharmatrace.settings"
    import django

    django.setup()
    # Imported before the forks, so that no child pays for it again.
    from tests.faults import deeds

    children: dict[int, Child] = {}
    _say({"ready": True})
    for line in sys.stdin.buffer:
        order = json.loads(line)
        if "start" in order:
            child = _fork(deeds, order)
            children[child.pid] = child
            _say({"pid": child.pid})
        elif "go" in order:
            os.write(children[order["go"]].gate, b"!")
        else:
            _say(_end_of(children.pop(order["wait"])))


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _fork(deeds: Any, order: dict[str, Any]) -> Child:
    gate_out, gate_in = os.pipe()
    answer_out, answer_in = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(answer_out)
        _live(lambda: deeds.do(order), gate_out, answer_in)
    os.close(gate_out)
    os.close(answer_in)
    return Child(pid, gate_in, answer_out)


def _live(deed: Callable[[], Any], gate: int, answer: int) -> None:
    code = 1
    try:
        _permit_tracing()
        os.read(gate, 1)
        try:
            said, code = deed(), 0
        except Exception as error:  # noqa: BLE001  # whatever it is, it is told
            said = f"{type(error).__name__}: {error}"
        with os.fdopen(answer, "w") as pipe:
            json.dump(said, pipe)
    finally:
        os._exit(code)


def _permit_tracing() -> None:
    """Where the kernel (Yama) lets only a parent trace, anybody of this user may."""
    with suppress(AttributeError):  # no Linux
        ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_ANYBODY), 0, 0, 0)


def _end_of(child: Child) -> dict[str, Any]:
    with os.fdopen(child.answer) as pipe:
        said = pipe.read()
    _, status = os.waitpid(child.pid, 0)
    os.close(child.gate)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "said": json.loads(said) if said else None,
    }


if __name__ == "__main__":
    main()
