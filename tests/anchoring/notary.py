"""A plug-in that promises stamps, for tests of the rounds."""

from datetime import timedelta

import pytest

from apps.anchoring.clients.anchors import Promise, Stamp
from apps.anchoring.models import AnchorToken
from apps.core.errors import ProofError

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


class Notary:
    """A plug-in that promises; what it says next stands in `says`."""

    says: list[object] = []
    asked: list[tuple[str, bytes]] = []

    def __init__(self, options):
        pass

    def stamp(self, data, *, at):
        return self._answer("stamp", data, at)

    def resume(self, promised, data, *, at):
        self.asked.append(("state", promised.state))
        return self._answer("resume", data, at)

    def _answer(self, what, data, at):
        self.asked.append((what, data))
        said = self.says.pop(0)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, timedelta):
            return Promise(f"state {len(self.asked)}".encode(), at + said, "in line")
        if said == "stamp":
            return Stamp(b"kept " + data, at - MINUTE, {"page": 7})
        return said

    def verify(self, token, data, *, facts):
        if token != b"kept " + data:
            raise ProofError("stamp_differs", field="token")
        row = AnchorToken.objects.get()
        return Stamp(token, row.stamped_at, {"page": 7})


@pytest.fixture
def notary(settings, tmp_path):
    settings.ANCHOR_KINDS = {"note": f"{__name__}.Notary"}
    settings.ANCHOR_TSAS = str(tmp_path / "services.toml")
    (tmp_path / "services.toml").write_text(
        "[old]\nkind = 'note'\nevery = '3 hours'\nlate = '2 days'\n"
    )
    Notary.says, Notary.asked = [], []
    return Notary


def asked() -> list[str]:
    return [what for what, _ in Notary.asked if what != "state"]
