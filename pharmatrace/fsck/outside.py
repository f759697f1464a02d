"""What lies outside the database, looked at before it: then nothing is ahead of it.

The sequencer commits, writes files, locks a note and publishes it, in this order. Files
that are read first are known to a database that is read afterwards, whatever goes on.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.anchoring import queries as anchoring
from apps.anchoring.queries import PublishedHead
from apps.core.errors import IntegrityBreach, MalformedInput


@dataclass(frozen=True, slots=True)
class Outside:
    """The heads that the site stands by, and the names of files that were written.

    Attributes:
        locked: the note in the lock store; None before the first signature.
        published: the published checkpoint; None before the first, or with a `fault`.
        fault: why the published checkpoint cannot be read.
        recalls: ids under which recalls are published.
        anchors: names of published anchor files.
    """

    locked: bytes | None
    published: PublishedHead | None
    fault: IntegrityBreach | None
    recalls: frozenset[str]
    anchors: frozenset[str]

    @property
    def published_size(self) -> int:
        """Up to which leaf files must be there."""
        return self.published.size if self.published else 0

    @property
    def locked_size(self) -> int:
        """The size of the note in the lock store; 0 if it names none."""
        try:
            return anchoring.read_head(self.locked).size if self.locked else 0
        except MalformedInput:
            return 0  # `check_heads` names it


def look_outside() -> Outside:
    """Lock store and published folder as they are now."""
    published, fault = None, None
    try:
        published = anchoring.newest_checkpoint()
    except IntegrityBreach as error:
        fault = error
    return Outside(
        locked=anchoring.read_lock_store(),
        published=published,
        fault=fault,
        recalls=frozenset(anchoring.list_recall_files()),
        anchors=frozenset(anchoring.list_anchor_files()),
    )
