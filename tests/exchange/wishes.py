"""What the tests of the machine door wish for."""

from apps.core.gs1.keys import compute_check_digit
from tests.cast import AMOXIL, NOVAMED, TRANSPHARM


def product_wish(number=None):
    """A product of Novamed: the demo's first, or further ones by number."""
    gtin = AMOXIL.gtin
    if number is not None:
        payload = f"095215689{number:04d}"
        gtin = payload + str(compute_check_digit(payload))
    return {
        "kind": "product.register",
        "gtin": gtin,
        "name": AMOXIL.name,
        "strength": AMOXIL.strength,
        "form": AMOXIL.form,
        "pack_size": AMOXIL.pack_size,
    }


def register(client, number=None):
    """Register a product through the API."""
    return client.act(product_wish(number))


# One wish of each kind with every member it may have.
WISHES = {
    "party.admit": {
        "kind": "party.admit",
        "gln": "4006381000017",
        "name": "Somebody",
        "country": "DE",
        "spki_b64": "MCowBQYDK2VwAyEA",
        "alg": "ed25519",
        "signer": "x-0123456789",
    },
    "party.licence": {
        "kind": "party.licence",
        "gln": NOVAMED.gln,
        "role": "manufacturer",
        "gs1_prefixes": ["9521568"],
        "sites": [{"gln": "9521568000024", "name": "Plant"}],
        "scope": ["*"],
        "from": "2020-01-01",
        "to": "2030-01-01",
        "suspended": False,
    },
    "key.enrol": {
        "kind": "key.enrol",
        "spki_b64": "MCowBQYDK2VwAyEA",
        "alg": "ed25519",
    },
    "key.revoke": {"kind": "key.revoke", "keyid": "0" * 64, "reason": "lost"},
    "key.reattest": {
        "kind": "key.reattest",
        "keyid": "0" * 64,
        "statements": ["1" * 64],
        "note": "Counted again.",
    },
    "product.register": product_wish(),
    "event": {
        "kind": "event",
        "step": "ship",
        "site": NOVAMED.sites[0].gln,
        "items": ["(01)09521568251204(21)S1"],
        "container": "(00)095215680000000012",
        "to": {"gln": TRANSPHARM.gln, "site": TRANSPHARM.sites[0].gln},
        "shipment": "0" * 64,
        "parents": ["0" * 64],
        "documents": [{"type": "po", "id": "4711"}],
        "reason": "damaged",
        "event_time": "2026-11-20T08:00:00.000Z",
    },
    "events": {
        "kind": "events",
        "events": [{"kind": "event", "step": "dispense", "items": ["x"]}],
    },
    "recall.open": {
        "kind": "recall.open",
        "gtin": AMOXIL.gtin,
        "class": "II",
        "reason": "wrong leaflet",
        "instructions": "send back",
        "depth": "retail",
        "scope": {"gtin": AMOXIL.gtin, "lots": ["A123"]},
        "return_to": NOVAMED.gln,
    },
    "recall.answer": {
        "kind": "recall.answer",
        "recall": "0" * 64,
        "batch": {"gtin": AMOXIL.gtin, "lot": "A123"},
        "counts": {"held": 0},
        "items": [],
        "note": "",
    },
    "recall.close": {"kind": "recall.close", "recall": "0" * 64, "reason": "done"},
    "recall.amend": {
        "kind": "recall.amend",
        "recall": "0" * 64,
        "scope": {"gtin": AMOXIL.gtin, "lots": ["A124"]},
        "reason": "more",
    },
}
