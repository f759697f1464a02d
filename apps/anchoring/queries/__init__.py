"""The log, read back: heads of chains, checkpoints, proofs, how it does."""

from apps.anchoring.queries.checkpoints import (
    CheckpointRow,
    PublishedHead,
    find_checkpoint,
    find_checkpoint_by_root,
    find_checkpoint_over,
    find_tile,
    find_tree,
    iter_checkpoints,
    list_checkpoints,
    list_rows,
    list_signed_sizes,
    newest_checkpoint,
    policy_of,
    read_head,
    read_lock_store,
    read_policy,
)
from apps.anchoring.queries.map_heads import count_heads, find_heads, list_heads
from apps.anchoring.queries.proofs import PROOF_FORMAT, proof_bundle, prove_leaf
from apps.anchoring.queries.recalls import (
    RECALL_FORMAT,
    build_recall_file,
    find_recall_file,
    list_recall_files,
)
from apps.anchoring.queries.status import LATE_SECONDS, Status, log_line, status
from apps.anchoring.queries.witnesses import (
    WitnessRow,
    build_policy_file,
    list_witnesses,
)

__all__ = [
    "LATE_SECONDS",
    "PROOF_FORMAT",
    "RECALL_FORMAT",
    "CheckpointRow",
    "PublishedHead",
    "Status",
    "WitnessRow",
    "build_policy_file",
    "build_recall_file",
    "count_heads",
    "find_checkpoint",
    "find_checkpoint_by_root",
    "find_checkpoint_over",
    "find_heads",
    "find_recall_file",
    "find_tile",
    "find_tree",
    "iter_checkpoints",
    "list_checkpoints",
    "list_heads",
    "list_recall_files",
    "list_rows",
    "list_signed_sizes",
    "list_witnesses",
    "log_line",
    "newest_checkpoint",
    "policy_of",
    "proof_bundle",
    "prove_leaf",
    "read_head",
    "read_lock_store",
    "read_policy",
    "status",
]
