"""A bundle of a history in memory, in a folder of its own, and the command over it."""

import pytest

from apps.core.outside import verify as command
from tests.core.bundle.acts import random_history
from tests.core.bundle.planning import bundle_of
from tests.core.outside.bundle.endings import REFUSED
from tests.core.outside.small_ledger import POLICY


@pytest.fixture(scope="module")
def history():
    return random_history(56, steps=30)


@pytest.fixture(scope="module")
def data(history):
    return bundle_of(history, "A1")


@pytest.fixture
def room(tmp_path, data):
    (tmp_path / "bundle.zip").write_bytes(data)
    (tmp_path / "policy").write_bytes(POLICY)
    return tmp_path


@pytest.fixture
def verify(room, history):
    """The command over files of the room; exit code."""

    def verify(*more, files=("bundle.zip",), policy="policy", genesis=history.genesis):
        names = [name if name == "-" else str(room / name) for name in files]
        ids = ["--genesis", genesis] if genesis else []
        return command.run([*names, "--policy", str(room / policy), *ids, *more])

    return verify


@pytest.fixture
def refusal(verify, capsys):
    """What a refused run says on standard error, having said nothing of lots."""

    def refusal(*more, code=REFUSED, **changes):
        assert verify(*more, **changes) == code
        said = capsys.readouterr()
        assert "every unit once" not in said.out
        return said.err

    return refusal
