"""Runs one command whose process group ends, at the latest, with its supervisor.

    python -I -S guard.py FD COMMAND...

FD is the reading end of a pipe that only the supervisor can write to and that it
never writes to, so reading returns when the supervisor has ended, however it ended.
A fork waits for that; the process itself becomes the command, and so keeps its own
process id, signals and exit code.

`PR_SET_PDEATHSIG` would do this for the command alone and on Linux alone: a web master
that is killed so leaves its workers behind, and they hold the port. A pipe needs no
code between fork and exec in the supervisor, and the group has no survivors.
"""

from __future__ import annotations

import os
import signal
import sys


def main(pipe: int, command: list[str]) -> None:
    """Become `command`, watched by a fork in the same process group."""
    if os.fork() == 0:
        _kill_group_after(pipe)
    os.close(pipe)
    os.execvp(command[0], command)  # noqa: S606  # our own commands


def _kill_group_after(pipe: int) -> None:
    # A polite end is for the command; the guard stays until there is nothing to guard.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    os.read(pipe, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
