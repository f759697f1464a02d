"""pharmatrace-verify as it is run, and what it took: the last line of standard error.

python -m tests.bench.outsider FILE --policy P --genesis ID
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from apps.core.outside.verify import run


def main() -> int:
    """Run the command; processor seconds and the most memory, in bytes, behind it."""
    code = run(sys.argv[1:])
    spent = {"cpu_s": time.process_time(), "peak_bytes": _peak_bytes()}
    print(json.dumps(spent), file=sys.stderr)
    return code


def _peak_bytes() -> int:
    """The most that was resident since this program began."""
    status = Path("/proc/self/status")
    if status.exists():
        # The kernel's other figure goes on from the process that started this one.
        (line,) = [x for x in status.read_text().splitlines() if x.startswith("VmHWM")]
        return int(line.split()[1]) << 10
    scale = 1 if sys.platform == "darwin" else 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


if __name__ == "__main__":
    sys.exit(main())
