"""Names in the API's description: kinds of work have states of their own.

All of them call the field `state`, so each set of words needs a name.
"""

from typing import Any, Final

STATE_NAMES: Final[dict[str, Any]] = {
    "BundleStateEnum": ["queued", "running"],
    "UploadStateEnum": "apps.intake.models.UploadState",
    "PoolStateEnum": "apps.pools.models.PoolState",
    "AggregationStateEnum": "apps.packaging.models.AggregationState",
    "LabelRunStateEnum": "apps.packaging.models.RunState",
}
