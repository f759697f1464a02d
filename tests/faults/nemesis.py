"""Faults inside a process of the site: a call that kills it, or that fails.

A point is a call of the sequencer by where it stands; `number` says which call of it is
struck. Nothing of the site knows of this: names are replaced in the child alone.
"""

from __future__ import annotations

import errno
import importlib
import os
import signal
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.db import OperationalError

INJECTED: Final = "injected by the nemesis"
WAYS: Final = ("kill before", "kill after", "fail before", "fail after")

_OPERATIONS: Final = "apps.anchoring.operations"
_CLIENTS: Final = "apps.anchoring.clients"
# Point: where the name stands, and whether the database or the disk fails there.
POINTS: Final[dict[str, tuple[str, str]]] = {
    "take": ("apps.ledger.operations:take_pending", "database"),
    "leaves": ("apps.ledger.operations:append_leaves", "database"),
    "map": (f"{_OPERATIONS}.integrate:_write_heads", "database"),
    "commit": (f"{_OPERATIONS}:integrate_pending", "database"),
    "sync": (f"{_CLIENTS}.files:_sync", "disk"),
    "file": (f"{_CLIENTS}.files:_give_name", "disk"),
    "tiles": (f"{_OPERATIONS}:write_tiles", "disk"),
    "recalls": (f"{_OPERATIONS}:write_recalls", "disk"),
    "verify": (f"{_OPERATIONS}:verify_head", "disk"),
    "sign": (f"{_OPERATIONS}:sign_head", "disk"),
    "temporary": (f"{_CLIENTS}.files:_write_temporary", "disk"),
    "swap": (f"{_CLIENTS}.lock_store:LockStore.swap", "disk"),
    "record": (f"{_OPERATIONS}:record_note", "database"),
    "witnesses": (f"{_OPERATIONS}.cosign:_ask", "database"),
    "answer": (f"{_OPERATIONS}.cosign:_record", "database"),
    "cosigned": (f"{_OPERATIONS}:publish_cosigned", "disk"),
    "policy": (f"{_CLIENTS}.public_files:PublicFiles.publish_policy", "disk"),
    "publish": (f"{_CLIENTS}.public_files:PublicFiles.publish_checkpoint", "disk"),
    "partials": (f"{_CLIENTS}.public_files:PublicFiles.drop_partials", "disk"),
}

_INTAKE: Final = "apps.intake.operations"
_COMMISSION: Final = "apps.custody.operations.commission"
# The same of a file on its way to a lot.
UPLOAD_POINTS: Final[dict[str, tuple[str, str]]] = {
    "chunk": (f"{_INTAKE}.receiving:_write", "disk"),
    "place": (f"{_INTAKE}.receiving:_note", "database"),
    "whole": (f"{_INTAKE}.receiving:_digest_of", "disk"),
    "order": (f"{_INTAKE}.receiving:order_check", "database"),
    "rows": (f"{_INTAKE}.check:_read", "database"),
    "staging": (f"{_INTAKE}.check:stage_serials", "database"),
    "staged": (f"{_INTAKE}.check:_close", "database"),
    "batch": (f"{_COMMISSION}:register_staged", "database"),
    "holding": ("apps.custody.operations.changes_sql:write", "database"),
    "visible": (f"{_COMMISSION}:_inherit_recalls", "database"),
    "vectors": ("apps.custody.operations.vectors:rewrite", "database"),
    "settled": (f"{_INTAKE}.sweep:_change", "database"),
    "removed": (f"{_INTAKE}.sweep:remove_file", "disk"),
}


def install(*, point: str, way: str, number: int) -> None:
    """Strike the call `number` at `point`, in one of the `WAYS`."""
    place, kind = (POINTS | UPLOAD_POINTS)[point]
    module_name, _, path = place.partition(":")
    owner: Any = importlib.import_module(module_name)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    setattr(owner, name, _struck(getattr(owner, name), kind, way, number))


def _struck(
    call: Callable[..., Any], kind: str, way: str, number: int
) -> Callable[..., Any]:
    seen = 0

    @wraps(call)
    def struck(*args: Any, **kwargs: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen != number:
            return call(*args, **kwargs)
        if way.endswith("after"):
            call(*args, **kwargs)
        if way.startswith("kill"):
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "database":
            raise OperationalError(INJECTED)
        raise OSError(errno.EIO, INJECTED)

    return struck
