"""What the monitor of an outsider says of a true ledger's published files."""

from apps.anchoring import operations
from apps.core.outside.monitor_round import Monitor
from apps.core.outside.monitor_state import MonitorState
from apps.core.policy import Policy
from tests.cast import STELLA


class Folder:
    """The published files, read where they lie."""

    def __init__(self, log):
        self.log = log

    def get_many(self, wanted):
        paths = [self.log / name for name, _ in wanted]
        return [path.read_bytes() if path.exists() else None for path in paths]


def test_a_true_ledger_raises_no_alarm_as_it_grows(story, log, tmp_path):
    policy = Policy.parse((log / "policy").read_bytes())
    with MonitorState(tmp_path / "state") as state:
        monitor = Monitor(Folder(log), policy=policy, state=state)
        first = monitor.follow(now_ms=1)
        for year in range(2041, 2046):
            story.license(STELLA, to=f"{year}-01-01")
            operations.sequence(at=story.tick())

            last = monitor.follow(now_ms=1)

            assert last.new_leaves > 1
        assert state.count_evidence() == 0

    assert last.head.origin == first.head.origin
    assert last.head.tree_size > first.head.tree_size > 20
    assert last.tags == first.tags
