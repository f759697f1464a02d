"""The broker of the embedded mode: messages as files in one folder.

kombu's own filesystem transport creates a message under its final name before it has
written it; a worker that looks in between reads nothing, and ends (celery/kombu issue
1551). Here a message appears whole, by rename, and one that cannot be read is dropped:
it was a wake-up call only, and the sweep repeats it.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads
from typing_extensions import override

logger = logging.getLogger(__name__)

_ENDING = ".msg"
_HIDDEN = ".part"


class Channel(filesystem.Channel):
    """Puts and takes messages by rename, which is atomic within one folder."""

    @override
    def _put(  # type: ignore[override]  # kombu's own two signatures differ
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        folder = Path(self.data_folder_out)
        # Nanoseconds in fixed width: names sort in the order of arrival.
        name = f"{time.time_ns():020d}_{uuid.uuid4().hex}.{queue}{_ENDING}"
        hidden = folder / f"{name}{_HIDDEN}"
        hidden.write_text(dumps(payload), encoding="utf-8")
        hidden.rename(folder / name)

    @override
    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for name in self._names(queue):
            message = _take(Path(self.data_folder_in) / name)
            if message is not None:
                return message
        raise Empty

    @override
    def _size(self, queue: str) -> int:
        return len(self._names(queue))

    @override
    def _purge(self, queue: str) -> int:
        names = self._names(queue)
        for name in names:
            (Path(self.data_folder_in) / name).unlink(missing_ok=True)
        return len(names)

    def _names(self, queue: str) -> list[str]:
        """The waiting messages of `queue`, oldest first."""
        ending = f".{queue}{_ENDING}"
        names = os.listdir(self.data_folder_in)
        return sorted(name for name in names if name.endswith(ending))


def _take(path: Path) -> Any:
    """The message in `path`, which is then gone; None if another worker was faster."""
    mine = path.with_name(f"{path.name}.{os.getpid()}{_HIDDEN}")
    try:
        path.rename(mine)
        text = mine.read_text(encoding="utf-8")
        mine.unlink()
        return loads(text)
    except FileNotFoundError:
        return None
    except ValueError:
        logger.warning("Dropped the unreadable message %s", path.name)
        return None


class Transport(filesystem.Transport):
    """kombu's filesystem transport with our channel."""

    Channel = Channel
