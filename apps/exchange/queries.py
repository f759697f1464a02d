"""Drafts: a wish in plain JSON becomes the exact bytes to sign."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from apps.catalog import queries as catalog
from apps.core.errors import MalformedInput
from apps.custody import queries as custody
from apps.ledger.formats import Draft
from apps.partners import queries as partners
from apps.partners.queries import Actor
from apps.recalls import queries as recalls

Drafter = Callable[..., Draft]

DRAFTERS: Final[Mapping[str, Drafter]] = {
    "event": custody.draft_event,
    "events": custody.draft_event,
    "party.admit": partners.draft_admit,
    "party.licence": partners.draft_licence,
    "key.enrol": partners.draft_enrol,
    "key.revoke": partners.draft_revoke,
    "product.register": catalog.draft_product,
    "recall.open": recalls.draft_open,
    "recall.amend": recalls.draft_amend,
    "recall.close": recalls.draft_close,
    "recall.answer": recalls.draft_answer,
}


def draft(*, wish: dict[str, Any], actor: Actor, at: datetime) -> Draft:
    """The statement that `actor` would have to sign for `wish` to come true now.

    Nothing is written or promised: the door judges again when it is submitted.

    Raises:
        MalformedInput: `kind` is none of `DRAFTERS`, or as its drafter says.
        ForbiddenTransfer: the law of custody would refuse it.
    """
    kind = wish.get("kind")
    drafter = DRAFTERS.get(kind) if isinstance(kind, str) else None
    if drafter is None:
        raise MalformedInput(
            "unknown_word",
            field="kind",
            got=kind,
            wanted="one of " + ", ".join(sorted(DRAFTERS)),
        )
    return drafter(wish=wish, actor=actor, at=at)
