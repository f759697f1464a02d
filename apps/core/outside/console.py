"""What the commands share: input, passphrases, and how they end."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from ..errors import MalformedInput, ProofError, TraceError

MAX_FILE_BYTES: Final = 64 << 20
REFUSED: Final = 1
UNREADABLE: Final = 2


def read_input(name: str) -> bytes:
    """The bytes of file `name`, or of standard input for `-`.

    Raises:
        MalformedInput: `too_large`.
        OSError: it cannot be read.
    """
    if name == "-":
        data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    else:
        with Path(name).open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise MalformedInput(
            "too_large", field=name, wanted=f"at most {MAX_FILE_BYTES} bytes"
        )
    return data


def read_secret(path: str | None, *, prompt: str) -> bytes:
    """A secret: the first line of the file at `path`, or what is typed at `prompt`.

    Raises:
        MalformedInput: `empty_secret`.
    """
    if path is None:
        secret = getpass.getpass(prompt).encode()
    else:
        lines = Path(path).read_bytes().splitlines()
        secret = lines[0] if lines else b""
    if not secret:
        raise MalformedInput("empty_secret", field=path or "", wanted="a line of text")
    return secret


def tell(line: str) -> None:
    """One line for the person, on standard error."""
    print(line, file=sys.stderr)


def ending(
    command: Callable[[Sequence[str]], None], arguments: Sequence[str] | None
) -> int:
    """Run `command`; 0, or 1 if something was refused, or 2 if a file is missing."""
    try:
        command(sys.argv[1:] if arguments is None else arguments)
    except ProofError as error:
        step = f"step {error.step} failed: " if error.step else ""
        tell(f"{step}{error}")
        return REFUSED
    except TraceError as error:
        tell(f"refused: {error}")
        return REFUSED
    except OSError as error:
        tell(f"cannot read or write: {error}")
        return UNREADABLE
    return 0
