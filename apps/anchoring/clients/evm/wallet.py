"""The key that pays for anchors: a file of its owner alone, never a row or an answer."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from apps.anchoring.clients.files import sync_folders
from apps.core.errors import Unavailable

_KEY: Final = re.compile(r"(?:0x)?[0-9a-fA-F]{64}\n?")
_MODE: Final = 0o600


def load_key(path: Path) -> LocalAccount:
    """The account of the key in `path`: 64 hex digits.

    Raises:
        Unavailable: `secret_missing`; `secret_exposed`: others may read the file;
            `secret_unusable`: it holds no key.
    """
    try:
        with path.open(encoding="ascii", errors="replace") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read(200)
    except FileNotFoundError:
        raise Unavailable(
            "secret_missing",
            field=path.name,
            wanted="run manage.py evm NAME --make-key",
        ) from None
    except OSError as error:
        raise Unavailable("secret_unusable", field=path.name, got=error) from error
    if mode & ~_MODE:
        raise Unavailable(
            "secret_exposed", field=path.name, got=f"mode {mode:o}", wanted="mode 600"
        )
    if not _KEY.fullmatch(text):
        raise Unavailable(
            "secret_unusable", field=path.name, wanted="64 hex digits of a key"
        )
    return _account(bytes.fromhex(text.strip().removeprefix("0x")), path)


def create_key(path: Path) -> LocalAccount:
    """Make a key and its file, for its owner alone.

    Raises:
        FileExistsError: there is one: it may hold money.
    """
    account: LocalAccount = Account.create()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(account.key.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync_folders([path.parent])
    return account


def sign(account: LocalAccount, transaction: Mapping[str, Any]) -> tuple[bytes, bytes]:
    """The hash and the bytes of a transaction of `account`."""
    signed = account.sign_transaction(dict(transaction))
    return bytes(signed.hash), bytes(signed.raw_transaction)


def _account(key: bytes, path: Path) -> LocalAccount:
    try:
        account: LocalAccount = Account.from_key(key)
    except ValueError:
        # Zero, or not below the order of the curve; what it quotes is not for logs.
        raise Unavailable(
            "secret_unusable", field=path.name, wanted="a number of the curve"
        ) from None
    return account
