"""The only writers of recalls."""

from apps.recalls.operations.answers import answer_recall
from apps.recalls.operations.bundles import (
    build_bundle,
    request_bundle,
    sweep_bundles,
)
from apps.recalls.operations.notices import flag_affected, mark_read, sweep_notices
from apps.recalls.operations.statements import (
    amend_recall,
    close_recall,
    open_recall,
)

__all__ = [
    "amend_recall",
    "answer_recall",
    "build_bundle",
    "close_recall",
    "flag_affected",
    "mark_read",
    "open_recall",
    "request_bundle",
    "sweep_bundles",
    "sweep_notices",
]
