"""The only writers of custody: stage, judge, project, open and close scopes."""

from apps.custody.operations.archive import archive_batch, restore_batch
from apps.custody.operations.closing import close_books, prepare_closing
from apps.custody.operations.conserve import Conserved, check_conservation
from apps.custody.operations.order import order_closing, run_closing
from apps.custody.operations.rebuild import rebuild
from apps.custody.operations.record import record_all, record_events
from apps.custody.operations.scopes import change_scope, close_scope, open_scope
from apps.custody.operations.stage import discard_staging, stage_serials
from apps.custody.queries.compare import replay_check

__all__ = [
    "Conserved",
    "archive_batch",
    "change_scope",
    "check_conservation",
    "close_books",
    "close_scope",
    "discard_staging",
    "open_scope",
    "order_closing",
    "prepare_closing",
    "rebuild",
    "record_all",
    "record_events",
    "replay_check",
    "restore_batch",
    "run_closing",
    "stage_serials",
]
