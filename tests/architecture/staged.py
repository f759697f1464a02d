"""Pre-commit hook: refuse files that hold a private key or are over 500 kB."""

import re
import sys
from pathlib import Path

LIMIT_BYTES = 500_000
# The armour and the first line of the key: code that only names the armour may stay.
_KEY = re.compile(rb"PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}")


def list_faults(paths: list[Path]) -> list[str]:
    """One line for each file that must not be committed."""
    faults = []
    for path in paths:
        if not path.is_file():
            continue
        content = path.read_bytes()
        if len(content) > LIMIT_BYTES:
            faults.append(f"{path}: {len(content)} bytes, wanted at most {LIMIT_BYTES}")
        if _KEY.search(content):
            faults.append(f"{path}: holds a private key")
    return faults


if __name__ == "__main__":
    found = list_faults([Path(name) for name in sys.argv[1:]])
    sys.exit("\n".join(found) if found else 0)
