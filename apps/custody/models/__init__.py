"""Who holds what: registry, event lines, holdings, containers, shipments, scopes.

`SerialChunk` and `Closing` are evidence, `Commissioning` and `ClosingPart` are sealed,
`Staging` and `ClosingDraft` wait for a signature, `Imbalance` and `ConservationRun` say
what the nightly check found; every other row is a projection that `rebuild` can drop and
replay from the ledger.
Sets of ordinals are roaring bitmaps (portable format).
"""

from apps.custody.models.closings import (
    Closing,
    ClosingDraft,
    ClosingDraftPart,
    ClosingPart,
)
from apps.custody.models.conservation import ConservationRun, Imbalance
from apps.custody.models.goods import (
    BatchHold,
    Container,
    ContainerLine,
    Discrepancy,
    ForwardChunk,
    Holding,
    RecallRule,
    RecallScope,
    Shipment,
    ShipmentLine,
)
from apps.custody.models.moves import (
    Event,
    EventChunk,
    EventLine,
)
from apps.custody.models.serials import (
    ArchivedBatch,
    Commissioning,
    SerialBlock,
    SerialChunk,
    SerialNumber,
    StagedChunk,
    Staging,
)

__all__ = [
    "ArchivedBatch",
    "BatchHold",
    "Closing",
    "ClosingDraft",
    "ClosingDraftPart",
    "ClosingPart",
    "Commissioning",
    "ConservationRun",
    "Container",
    "ContainerLine",
    "Discrepancy",
    "Event",
    "EventChunk",
    "EventLine",
    "ForwardChunk",
    "Holding",
    "Imbalance",
    "RecallRule",
    "RecallScope",
    "SerialBlock",
    "SerialChunk",
    "SerialNumber",
    "Shipment",
    "ShipmentLine",
    "StagedChunk",
    "Staging",
]
