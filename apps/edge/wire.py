"""JSON on its way out: sorted nowhere, never NaN, UTF-8."""

import json
from typing import Any


def dump_json(value: Any) -> bytes:
    """`value` as compact UTF-8 JSON."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":")
    ).encode()
