"""A time-stamp authority on this machine: openssl behind an HTTP server."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest

from apps.anchoring import operations
from apps.core.leaf import Leaf
from tests.anchoring.network import Serving, answering, published
from tests.anchoring.outsider import read_entries
from tests.ledger.sayings import append, saying

_EXTENSIONS = """\
basicConstraints=CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
"""
_SETTINGS = """\
[tsa]
default_tsa=one
[one]
serial={folder}/serial
default_policy={policy}
digests=sha256,sha512
signer_digest=sha256
ess_cert_id_alg=sha256
"""
POLICY = "1.2.3.4.1"


def openssl(*arguments: str | Path) -> str:
    """What the command says; it must end well."""
    done = subprocess.run(
        ["openssl", *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


class Authority:
    """Throw-away roots, and signers under them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.ca = folder / "ca.pem"
        self._key("ca", "-x509", "-days", "30", "-out", self.ca)
        self._key("tsa", "-out", folder / "tsa.csr")
        (folder / "extensions").write_text(_EXTENSIONS)
        (folder / "serial").write_text("01\n")
        (folder / "settings").write_text(_SETTINGS.format(folder=folder, policy=POLICY))
        self.signer = self.certify("signer", days=10)
        self._lock = threading.Lock()

    def _key(self, name: str, *arguments: str | Path) -> None:
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        key = self.folder / f"{name}.key"
        openssl("req", *curve, "-keyout", key, "-subj", f"/CN={name}", *arguments)

    def certify(self, name: str, *, days: int) -> Path:
        """A certificate of the signer's key, valid for so long from now."""
        made = self.folder / f"{name}.pem"
        by = ("-CA", self.ca, "-CAkey", self.folder / "ca.key", "-CAcreateserial")
        options = ("-extfile", self.folder / "extensions", "-days", str(days))
        csr = self.folder / "tsa.csr"
        openssl("x509", "-req", "-in", csr, *by, *options, "-out", made)
        return made

    def reply(self, query: bytes) -> bytes:
        """The answer of RFC 3161, as openssl makes it."""
        asked, made = self.folder / "query", self.folder / "reply"
        with self._lock:
            asked.write_bytes(query)
            openssl(
                *("ts", "-reply", "-config", self.folder / "settings"),
                *("-queryfile", asked, "-out", made),
                *("-signer", self.signer, "-inkey", self.folder / "tsa.key"),
            )
            return made.read_bytes()


class Tsa:
    """An authority's server; `answer` may be replaced by a lie."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.asked: list[bytes] = []
        self.answer: Callable[[bytes], tuple[int, bytes]] = self.honest
        self.serving: Serving | None = answering(self._reply)
        self.url = self.serving.url

    def honest(self, query: bytes) -> tuple[int, bytes]:
        return 200, self.authority.reply(query)

    def _reply(self, query: bytes) -> tuple[int, bytes]:
        self.asked.append(query)
        return self.answer(query)

    def end(self) -> None:
        if self.serving is not None:
            self.serving.end()
        self.serving = None


class Services:
    """The file that ANCHOR_TSAS names, and the authorities in it."""

    def __init__(self, path: Path, authority: Authority) -> None:
        self.path, self.authority = path, authority
        self.all: dict[str, Tsa] = {}

    def add(self, name: str, *, extra: str = "", ca: Path | None = None) -> Tsa:
        self.all[name] = Tsa(self.authority)
        with self.path.open("a") as file:
            file.write(f'[{name}]\nurl = "{self.all[name].url}"\n{extra}')
            file.write(f'ca = "{ca or self.authority.ca}"\n')
        return self.all[name]

    def end(self) -> None:
        for tsa in self.all.values():
            tsa.end()


def grow(word: str, at: datetime) -> None:
    """One more statement under a published head."""
    append(saying(word, at=at), accepted_ms=int(at.timestamp() * 1000))
    operations.sequence(at=at)


def kinds(log: Path) -> list[int]:
    """The types of all published leaves."""
    return [int(Leaf.decode(entry).kind) for entry in read_entries(log, published(log))]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One key and certificate for a whole run: openssl takes seconds to make them."""
    return Authority(tmp_path_factory.mktemp("tsa") / "one")


@pytest.fixture
def services(settings, tmp_path, authority) -> Iterator[Services]:
    """The file of authorities that the settings name; it names none yet."""
    settings.ANCHOR_TSAS = str(tmp_path / "tsas.toml")
    services = Services(tmp_path / "tsas.toml", authority)
    yield services
    services.end()
