"""How a run of the command ends, and the heads that a reader may have."""

from apps.core.checkpoint import Checkpoint, sign_checkpoint
from tests.core.outside.small_ledger import AT, LOG, ORIGIN, WITNESS

OK, REFUSED, UNREADABLE = 0, 1, 2


def is_step(said, step, words=""):
    """Whether the run failed at this step, and with these words."""
    return said.startswith(f"step {step} failed: ") and words in said


def note_of(history, *, size=None, root=None, signers=(LOG, WITNESS)):
    tree = history.ledger.tree
    head = Checkpoint(ORIGIN, size or tree.size, root or tree.root())
    return sign_checkpoint(head, signers, time_seconds=AT // 1_000).format()
