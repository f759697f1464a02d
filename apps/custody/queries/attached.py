"""Whether what happened to a lot can be read: its part of the tables may be out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import connection

from apps.core.errors import Unavailable
from apps.edge.reading import fetch_rows

# A lot begins with an event line, that of its commissioning.
_SILENT: Final = """
SELECT 1 FROM catalog_batch b WHERE b.id = ANY(%s)
AND NOT EXISTS (SELECT 1 FROM custody_eventline l WHERE l.batch_id = b.id) LIMIT 1
"""


def verify_attached_lots(batch_ids: Collection[int]) -> None:
    """Refuse an answer from what is left: who had a recalled pack would be missing.

    For lots of which nothing was found, where nothing may be the true answer.

    Raises:
        Unavailable: `part_detached`.
    """
    if connection.vendor != "postgresql" or not batch_ids:
        return  # only PostgreSQL has parts
    if fetch_rows(_SILENT, [list(batch_ids)]):
        raise Unavailable("part_detached", retry_after_seconds=300)
