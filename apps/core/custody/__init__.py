"""The law of custody, pure: `judge` decides, `fold` changes a state, `apply` is both."""

from .effects import Effect, Judgement, fold
from .event import CustodyEvent, NewUnits
from .law import LAW_VERSION, apply, find_rule, judge, verify_answer
from .rules import CORRECT, RULES, UNDO, Rule
from .state import (
    ACTIVE,
    IN_TRANSIT,
    PARTLY_SUPPLIED,
    SUPPLIED,
    Batch,
    Container,
    EventRecord,
    Licence,
    Move,
    OpenRecall,
    Party,
    Place,
    Shipment,
    State,
)

__all__ = [
    "ACTIVE",
    "CORRECT",
    "IN_TRANSIT",
    "LAW_VERSION",
    "PARTLY_SUPPLIED",
    "RULES",
    "SUPPLIED",
    "UNDO",
    "Batch",
    "Container",
    "CustodyEvent",
    "Effect",
    "EventRecord",
    "Judgement",
    "Licence",
    "Move",
    "NewUnits",
    "OpenRecall",
    "Party",
    "Place",
    "Rule",
    "Shipment",
    "State",
    "apply",
    "find_rule",
    "fold",
    "judge",
    "verify_answer",
]
