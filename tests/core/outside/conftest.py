"""The monitor as a command, round by round."""

import json

import pytest

from apps.core.outside.monitor import run
from tests.core.outside.public_log import serving_files
from tests.core.outside.small_ledger import POLICY


class Watch:
    """The command, called round by round on one log and one state."""

    def __init__(self, folder, capsys):
        self.files, self.state = folder / "log", folder / "state.sqlite3"
        self.policy, self.capsys = folder / "policy", capsys
        self.files.mkdir()
        self.policy.write_bytes(POLICY)
        self.url = ""

    def once(self, *, url=None):
        """One round: its exit code and its one JSON object."""
        state = ["--policy", str(self.policy), "--state", str(self.state)]
        code = run([url or self.url, *state, "--once", "--json"])
        return code, json.loads(self.capsys.readouterr().out)

    def refused(self):
        code, said = self.once()
        assert code == 1, said
        return said["refused"]


@pytest.fixture
def watch(tmp_path, capsys):
    made = Watch(tmp_path, capsys)
    with serving_files(made.files) as url:
        made.url = url
        yield made
