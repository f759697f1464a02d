"""A shipment as it is signed, and JSON of all sorts."""

import base64

from hypothesis import strategies as st

from apps.core.ranges import set_digest

SET = set_digest(((0, 9_999),))
SERIALS = {
    "base": 0,
    "size": 10_000,
    "root": "5e" * 32,
    "gtin": "09521568251204",
    "lot": "A123/4",
    "expiry": "2028-02-29",
}
SHIP = {
    "v": 1,
    "ledger": "trace.example/log",
    "kind": "event",
    "by": "9521568000017",
    "signer": "01JD0000-novamed_erp",
    "meaning": "I am responsible for this shipment",
    "at": "2026-03-02T09:00:00.123Z",
    "expires": "2026-03-09T09:00:00.123Z",
    "nonce": base64.b64encode(bytes(range(16))).decode(),
    "subjects": [
        {"tag": "0a" * 32, "n": 10_000, "set": SET.hex(), "serials": SERIALS},
        {"tag": "0b" * 32, "n": 2, "set": "ab" * 32},
        {"tag": "0c" * 32},
    ],
    "parents": ["1f" * 32, "2f" * 32 + "#7"],
    "body": {"type": "ObjectEvent", "sensorElementList": [{"value": 4.5}]},
}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=6,
)
