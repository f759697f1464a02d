"""The demo's two witnesses: processes of their own, as strangers would run them.

Both must cosign. Their keys and memories lie in a folder of the demo's; a witness that
means something runs where the operator of the log cannot reach it.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from apps.core.notekey import SignatureType, SignerKey, VerifierKey
from apps.core.policy import Policy, PolicyGroup, PolicyWitness

_NAMES: Final = ("one", "two")
_FIRST_PORT: Final = 7381
_HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class DemoWitness:
    """One of them: where its files are and where it listens."""

    name: str
    folder: Path
    signer: SignerKey
    port: int

    @property
    def url(self) -> str:
        """Where the log asks it."""
        return f"http://{_HOST}:{self.port}"

    def command(self, log_keys: Sequence[VerifierKey]) -> list[str]:
        """What runs it."""
        return [
            *(sys.executable, "-m", "apps.core.outside.witness", "serve"),
            *("--key", str(_key_path(self.folder, self.name))),
            *("--state", str(self.folder / f"{self.name}.sqlite3")),
            *("--listen", f"{_HOST}:{self.port}"),
            *(part for key in log_keys for part in ("--log", key.format())),
        ]


def prepare_witnesses(policy_path: Path) -> list[DemoWitness]:
    """Make keys and policy where they are missing; who holds a port moves our witness.

    A policy that names other witnesses is somebody's own and is left alone: [].
    """
    folder = policy_path.parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    ports = _ports_of(policy_path)
    if ports is None:
        return []
    witnesses = [
        DemoWitness(name, folder, _signer(folder, name), _free_port(ports, number))
        for number, name in enumerate(_NAMES)
    ]
    _write(policy_path, _policy_of(witnesses).format(), mode=0o644)
    return witnesses


def _ports_of(policy_path: Path) -> list[int] | None:
    if not policy_path.exists():
        return [_FIRST_PORT + number for number in range(len(_NAMES))]
    known = Policy.parse(policy_path.read_bytes()).witnesses
    if tuple(one.name for one in known) != _NAMES:
        return None
    return [urlsplit(one.url).port or _FIRST_PORT for one in known]


def _policy_of(witnesses: Sequence[DemoWitness]) -> Policy:
    return Policy(
        logs=(),
        witnesses=tuple(
            PolicyWitness(one.name, one.signer.verifier, one.url) for one in witnesses
        ),
        groups=(PolicyGroup("both", len(_NAMES), _NAMES),),
        quorum="both",
    )


def _signer(folder: Path, name: str) -> SignerKey:
    path = _key_path(folder, name)
    if not path.exists():
        # Ed25519: its lines are short enough for proofs on paper.
        kind = SignatureType.COSIGNATURE_ED25519
        key = SignerKey.generate(f"{name}.witness.localhost", kind)
        _write(path, f"{key.format()}\n".encode(), mode=0o600)
    return SignerKey.parse(path.read_text().strip())


def _key_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.key"


def _write(path: Path, data: bytes, *, mode: int) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _free_port(ports: Sequence[int], number: int) -> int:
    if _is_free(ports[number]):
        return ports[number]
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
        return True
