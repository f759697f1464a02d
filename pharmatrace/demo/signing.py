"""The partners' own keys in the demo: files that the site itself never reads.

Each partner keeps its keys in a folder of its own, as it would at home:
`<keys directory>/<partner>/<person>.pem`, PKCS#8, readable by one user.
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from apps.core.envelope import STATEMENT_TYPE, envelope_bytes
from apps.core.signing import PrivateKey, sign_envelope
from pharmatrace.demo.cast import Person, Player


class Keyring:
    """The demo's key directory: one folder a partner, one file a person.

    Args:
        directory: where the folders are; made when the first key is.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._keys: dict[str, PrivateKey] = {}

    def has_key(self, player: Player) -> bool:
        """True if the admin of `player` has a key here."""
        return self._path(player, player.admin).exists()

    def key_of(self, player: Player, person: Person | None = None) -> PrivateKey:
        """The key of a person of `player`, its admin's by default; made if absent."""
        who = person or player.admin
        if who.signer not in self._keys:
            path = self._path(player, who)
            self._keys[who.signer] = _load(path) if path.exists() else make_key(path)
        return self._keys[who.signer]

    def _path(self, player: Player, person: Person) -> Path:
        return self.directory / player.slug / f"{person.first_name.lower()}.pem"


def sign_statement(payload: bytes, *private_keys: PrivateKey) -> bytes:
    """The envelope over a statement's exact bytes, as RFC 8785 JSON."""
    envelope = sign_envelope(
        payload_type=STATEMENT_TYPE, payload=payload, private_keys=list(private_keys)
    )
    return envelope_bytes(envelope)


def make_key(path: Path) -> Ed25519PrivateKey:
    """A fresh Ed25519 key, kept as PKCS#8 that only its owner may read.

    Raises:
        FileExistsError: a key is there already; it is never overwritten.
    """
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def _load(path: Path) -> Ed25519PrivateKey:
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError(f"{path.name}: wanted an Ed25519 key")
    return key
