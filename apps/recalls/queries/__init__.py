"""What may be read about recalls: drafts, holders, where every unit is."""

from apps.recalls.queries.drafts import (
    draft_amend,
    draft_answer,
    draft_close,
    draft_open,
)
from apps.recalls.queries.recalls import (
    count_open_notices,
    find_visible,
    visible_to,
)

__all__ = [
    "count_open_notices",
    "draft_amend",
    "draft_answer",
    "draft_close",
    "draft_open",
    "find_visible",
    "visible_to",
]
