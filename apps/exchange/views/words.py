"""What kinds, leaf types and states are called on pages."""

from typing import Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.edge.words import KINDS

__all__ = ["KINDS", "LEAF_TYPES"]

LEAF_TYPES: Final = {
    1: _("Goods"),
    2: _("Party, key or product"),
    3: _("Map root"),
    4: _("Anchor receipt"),
    5: _("Erasure"),
    6: pgettext_lazy("an entry of the log", "Recall"),
    7: _("Configuration"),
}
