"""A lot in the trade, and what is said about its recall."""

from typing import Any

from apps.core.statement import parse_statement
from apps.exchange import queries as drafts
from apps.ledger.formats import new_statement
from apps.ledger.operations import Accepted
from apps.recalls.models import Recall
from apps.recalls.operations import flag_affected
from pharmatrace.demo.cast import AMOXIL, NOVAMED, STELLA, Player
from pharmatrace.demo.signing import sign_statement
from pharmatrace.demo.stage import Stage
from tests.custody.goods import Goods, packs, serials
from tests.frozen import go_on

__all__ = [
    "Goods",
    "answer",
    "close",
    "open_recall",
    "packs",
    "recalled",
    "resigned",
    "serials",
    "spread",
    "wish",
]


def wish(*lots: str, **changes: Any) -> dict[str, Any]:
    """A wish to recall lots of Amoxil."""
    return {
        "kind": "recall.open",
        "gtin": AMOXIL.gtin,
        "scope": {"lots": list(lots)},
        "class": "II",
        "reason": "Wrong leaflet.",
        "instructions": "Quarantine and answer.",
        "depth": "retail",
    } | changes


def open_recall(
    stage: Stage, *lots: str, by: Player = NOVAMED, **changes: Any
) -> Recall:
    accepted = stage.act(by, wish(*(lots or ("A1",)), **changes))
    return Recall.objects.get(pk=accepted.statement_id)


def answer(
    stage: Stage,
    recall: Recall,
    by: Player = STELLA,
    *,
    lot: str = "A1",
    **counts: int,
) -> Accepted:
    said = {"kind": "recall.answer", "recall": recall.pk, "lot": lot, "counts": counts}
    return stage.act(by, said)


def close(stage: Stage, recall: Recall, by: Player = NOVAMED) -> Accepted:
    said = {"kind": "recall.close", "recall": recall.pk, "reason": "All is back."}
    return stage.act(by, said)


def spread(stage: Stage) -> Goods:
    """Lot A1, 100 packs: 70 at Novamed, 20 at Transpharm, 10 at Stella, 4 supplied."""
    go_on(stage, "a lot in the trade", _spread)
    return Goods(stage)


def _spread(stage: Stage) -> None:
    goods = Goods(stage)
    goods.commission()
    goods.deliver(packs(serials(10)))
    sent = goods.ship(packs(serials(20, start=10)))
    goods.receive(sent)
    goods.do(STELLA, "dispense", items=packs(serials(4)))


def recalled(stage: Stage) -> Recall:
    """The same lot, recalled and flagged."""
    spread(stage)
    return Recall.objects.get(pk=go_on(stage, "its recall", _recall))


def _recall(stage: Stage) -> str:
    opened = open_recall(stage)
    flag_affected(recall_id=opened.pk, at=stage.tick())
    return opened.pk


def resigned(
    stage: Stage, by: Player, said: dict[str, Any], **changes: Any
) -> Accepted:
    """As `stage.act`, with parts of the drafted statement changed before signing."""
    draft = drafts.draft(wish=said, actor=stage.actor(by), at=stage.tick())
    return forge(stage, by, draft.payload, **changes)


def forge(stage: Stage, by: Player, payload: bytes, **changes: Any) -> Accepted:
    statement = parse_statement(payload)
    parts = {
        "kind": statement.kind,
        "by": by.gln,
        "signer": by.admin.signer,
        "meaning": statement.meaning,
        "subjects": statement.subjects,
        "parents": statement.parents,
        "body": statement.body,
        "at": stage.tick(),
        "ledger": statement.ledger,
    } | changes
    key = stage.keyring.key_of(by)
    return stage.send(sign_statement(new_statement(**parts), key))
