"""The policy by which readers know this log: its keys, its witnesses, their quorum."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

from apps.anchoring.clients.witnesses import require_urls
from apps.core.errors import MalformedInput, Unavailable
from apps.core.notekey import VerifierKey
from apps.core.policy import NO_QUORUM, Policy, PolicyLog

_NONE: Final = Policy(logs=(), witnesses=(), groups=(), quorum=NO_QUORUM)


def build_policy(keys: Iterable[VerifierKey]) -> Policy:
    """What a reader of this log needs; it is published at /log/policy.

    Raises:
        Unavailable: `policy_missing`, `policy_unusable`: see `read_witnesses`.
    """
    logs = tuple(PolicyLog(key, f"{settings.SITE_URL}/log") for key in keys)
    of_witnesses = read_witnesses()
    return Policy(
        logs, of_witnesses.witnesses, of_witnesses.groups, of_witnesses.quorum
    )


def read_witnesses() -> Policy:
    """The witness, group and quorum lines of WITNESS_POLICY; it names no log.

    Raises:
        Unavailable: `policy_missing`: the file that was set is not there: a quorum
            must not vanish with it. `policy_unusable`: it cannot be read.
    """
    path = Path(settings.WITNESS_POLICY)
    try:
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        if not settings.WITNESS_POLICY_REQUIRED:
            return _NONE
        raise Unavailable("policy_missing", field=str(path)) from None
    except OSError as error:
        raise Unavailable("policy_unusable", field=str(path), got=str(error)) from error
    return _read(path, changed)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Policy:
    try:
        return _parse(path.read_bytes())
    except (MalformedInput, OSError) as error:
        raise Unavailable("policy_unusable", field=str(path), got=str(error)) from error


def _parse(data: bytes) -> Policy:
    policy = Policy.parse(data)
    if policy.logs:
        raise MalformedInput(
            "unfit_line", field="policy", got="log", wanted="witnesses and a quorum"
        )
    require_urls(witness.url for witness in policy.witnesses)
    return policy
