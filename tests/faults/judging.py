"""What must hold whatever happened: the site's own check, and an outsider's."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from apps.core.outside.monitor_round import Monitor, Round
from apps.core.outside.monitor_state import MonitorState
from apps.core.policy import Policy
from tests.faults.site import Site


class _Folder:
    """The published files, read where they lie (`LogFiles`)."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def get_many(self, wanted: Sequence[tuple[str, int]]) -> list[bytes | None]:
        paths = [self._log / name for name, _ in wanted]
        return [path.read_bytes() if path.exists() else None for path in paths]


class Outsider:
    """A monitor that follows the published files, and remembers."""

    def __init__(self, log: Path, memory: Path) -> None:
        self._log = log
        self._memory = memory
        self._policy = Policy.parse((log / "policy").read_bytes())

    def follow(self) -> Round:
        """One round; the log's first lie is raised (`TraceError`)."""
        with MonitorState(self._memory) as state:
            monitor = Monitor(_Folder(self._log), policy=self._policy, state=state)
            return monitor.follow(now_ms=time.time_ns() // 1_000_000)

    def another(self, memory: Path) -> Outsider:
        """One that remembers the same until now."""
        shutil.copy2(self._memory, memory)
        return Outsider(self._log, memory)


def assert_whole(site: Site, outsider: Outsider) -> Any:
    """Go on as the beat does, then: nothing is lost, doubled, forked or unexplained."""
    seen = site.do("go_on")

    assert seen["findings"] == []
    assert seen["quarantine"] is None
    assert seen["pending"] == []
    assert set(site.said) <= set(seen["said"]) == {each for each, _ in seen["logged"]}
    assert seen["times"] == sorted(seen["times"])
    assert seen["published"] == len(seen["times"])
    assert_one_head_a_size(site)
    assert outsider.follow().head.tree_size == seen["published"]
    return seen


def assert_one_head_a_size(site: Site) -> None:
    """The log's key never stood under two roots for one size."""
    roots: dict[int, set[bytes]] = {}
    for head in site.signed_heads():
        roots.setdefault(head.tree_size, set()).add(head.root_hash)
    assert {size for size, each in roots.items() if len(each) > 1} == set()
