"""The server's own secrets: files that only its user may read, never database rows.

`tag.key` (32 bytes, K_tag) and `receipt.pem` (Ed25519, PKCS#8) lie in SECRETS_DIR;
`log.pem` (Ed25519) and `log-mldsa.pem` (ML-DSA-44) in LOG_KEY_DIR, which only the
sequencer's host needs. A partner's private key is never here.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from django.conf import settings

from apps.core.errors import Unavailable

_TAG_KEY_BYTES = 32
_LOG_KEY = "log.pem"
_LOG_MLDSA_KEY = "log-mldsa.pem"


def create_missing() -> list[str]:
    """Make the secrets that are not there yet; return the names of those made."""
    ours, log = _directory(), _log_key_directory()
    wanted = [
        (ours, "tag.key", secrets.token_bytes(_TAG_KEY_BYTES)),
        (ours, "receipt.pem", _pem(Ed25519PrivateKey.generate())),
    ]
    if not (log / _LOG_KEY).exists():
        # Genesis names the log's keys: an older ledger never gets a second one.
        wanted.append((log, _LOG_MLDSA_KEY, _pem(MLDSA44PrivateKey.generate())))
    wanted.append((log, _LOG_KEY, _pem(Ed25519PrivateKey.generate())))
    return [
        name
        for directory, name, content in wanted
        if _write_new(directory, name, content)
    ]


def _pem(key: Ed25519PrivateKey | MLDSA44PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def tag_key() -> bytes:
    """K_tag, 32 bytes. It cannot rotate: another one means another ledger."""
    return _read(str(_directory() / "tag.key"))


def receipt_key() -> Ed25519PrivateKey:
    """The key that signs receipts; web workers hold it."""
    return _load(str(settings.SECRETS_DIR), "receipt.pem")


def log_key() -> Ed25519PrivateKey:
    """The key that signs checkpoints; only the sequencer's host holds it."""
    return _load(str(settings.LOG_KEY_DIR), _LOG_KEY)


def log_mldsa_key() -> MLDSA44PrivateKey | None:
    """The second key of checkpoints; None for a ledger that began without it."""
    path = _log_key_directory() / _LOG_MLDSA_KEY
    if not path.exists():
        return None
    key = _parse(str(path))
    if not isinstance(key, MLDSA44PrivateKey):
        raise Unavailable("secret_unusable", field=path.name, wanted="an ML-DSA-44 key")
    return key


def _directory() -> Path:
    return Path(settings.SECRETS_DIR)


def _log_key_directory() -> Path:
    return Path(settings.LOG_KEY_DIR)


def _write_new(directory: Path, name: str, content: bytes) -> bool:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        handle = os.open(directory / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return True


@lru_cache(maxsize=16)
def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise Unavailable(
            "secret_missing", field=Path(path).name, wanted="run manage.py genesis"
        ) from None


@lru_cache(maxsize=16)
def _parse(path: str) -> PrivateKeyTypes:
    return load_pem_private_key(_read(path), password=None)


@lru_cache(maxsize=16)
def _load(directory: str, name: str) -> Ed25519PrivateKey:
    key = _parse(str(Path(directory) / name))
    if not isinstance(key, Ed25519PrivateKey):
        raise Unavailable("secret_unusable", field=name, wanted="an Ed25519 key")
    return key
