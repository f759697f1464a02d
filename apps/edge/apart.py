"""One call in a process of its own, while the caller goes on.

`processes.Beside` is for many batches, and for a caller that may have children by
multiprocessing's rules. A worker of the job queue may not, lest it be killed and leave
them behind. This is a plain command with one thing to do: it ends with that, or before,
with the pipe that it reads.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

_Answer = TypeVar("_Answer")
_ROOT: Final = Path(__file__).resolve().parents[2]  # where `apps` is found
_COMMAND: Final = (sys.executable, "-m", "apps.edge.apart")


@contextmanager
def apart(
    work: Callable[..., _Answer], **arguments: object
) -> Iterator[Callable[[], _Answer]]:
    """Begin the work; what is given waits for its answer, or raises what it raised.

    Args:
        work: worth the start of a process, a tenth of a second; pure, of a module that is quick to load; arguments and answer are pickled.

    Raises:
        ChildProcessError: by the answer, if the process was killed.
    """
    with (
        subprocess.Popen(  # noqa: S603 - our own command
            _COMMAND,
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            process_group=0,  # Ctrl-C is for the caller, which decides
        ) as process,
        # A thread feeds it: a pipe holds 64 kB, then whoever writes must wait.
        ThreadPoolExecutor(1) as feeder,
    ):
        said = feeder.submit(process.communicate, pickle.dumps((work, arguments)))
        try:
            yield partial(_answer_of, said, process)
        finally:
            process.kill()


def _answer_of(
    said: Future[tuple[bytes, bytes]], process: subprocess.Popen[bytes]
) -> Any:
    written, _ = said.result()
    if process.returncode != 0:
        raise ChildProcessError(f"the process apart ended with {process.returncode}")
    answer, error = pickle.loads(written)  # noqa: S301 - written by our own command
    if error is not None:
        raise error
    return answer


def main() -> None:
    """Do the one call that stands on the standard input, and write its answer."""
    work, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own caller
    said: tuple[object, Exception | None]
    try:
        said = work(**arguments), None
    except Exception as error:  # noqa: BLE001 - the caller's to handle
        said = None, error
    sys.stdout.buffer.write(pickle.dumps(said))


if __name__ == "__main__":
    main()
