"""A body of every kind, as it is signed."""

import base64

from apps.core.notekey import SignatureType, SignerKey, VerifierKey

SPKI = "MCowBQYDK2VwAyEAI5N1pURljpQz+N9/tdG+C4fwpeGABFGSM5AioM6co28="
P256 = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEVACsrqAoJBIwbDCOl59M++P54Za/feaOj1kqVuZ9qlDO"
    "68lLgRsLK/u23ymIUnmvcipaJw7qGS27uwkdsJgwVA=="
)
LOG_KEY = base64.b64decode("GlzZBxQ8OExB6DDFvOEqqIF+xWSaqr8sMTiLNbLXRNY=")
VKEY = VerifierKey("trace.example/log", SignatureType.ED25519, LOG_KEY).format()
OTHER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
WITNESS_VKEY = VerifierKey(
    "trace.example/log", SignatureType.COSIGNATURE_ED25519, LOG_KEY
).format()
PQ_VKEY = SignerKey(
    "trace.example/log", SignatureType.COSIGNATURE_MLDSA44, bytes(32)
).verifier.format()
KEY_TAG = "0a" * 32
RECALL = "4e" * 32
ADMIN = {"spki_b64": SPKI, "alg": "ed25519", "signer": "nm-a91d3e6b20"}
BODIES = {
    "party.admit": {
        "gln": "9521568000017",
        "name": "Novamed",
        "country": "DE",
        "first_key": ADMIN,
        "key_tag": KEY_TAG,
    },
    "party.licence": {
        "gln": "9521568000017",
        "role": "manufacturer",
        "gs1_prefixes": ["9521568"],
        "sites": [{"gln": "9521568000024", "name": "Novamed plant Freiburg"}],
        "scope": ["*"],
        "from": "2026-01-01T00:00:00.000Z",
        "to": "2031-01-01T00:00:00.000Z",
        "suspended": False,
    },
    "key.enrol": {
        **ADMIN,
        "party": "9521568000017",
        "role": "signer",
        "key_tag": KEY_TAG,
    },
    "key.revoke": {
        "keyid": "0a" * 32,
        "reason": "handheld lost",
        "suspect_since": "2026-03-01T00:00:00.000Z",
    },
    "key.reattest": {"keyid": "0a" * 32, "note": "Every delivery was counted again."},
    "product.register": {
        "gtin": "09521568251204",
        "name": "Novapril",
        "strength": "10 mg",
        "form": "film-coated tablet",
        "pack_size": "30 tablets",
        "brand_owner": "9521568000017",
        "market_codes": [{"system": "PZN", "code": "12345678"}],
    },
    "recall.open": {
        "gtin": "09521568251204",
        "scope": {"lots": ["A123"]},
        "class": "II",
        "reason": "Wrong leaflet\nin some packs",
        "instructions": "Quarantine and return.",
        "depth": "retail",
        "return_to": "9521568000017",
        "reference": "R-2026-07",
    },
    "recall.amend": {
        "recall": RECALL,
        "scope": {"lots": ["A123", "A124"]},
        "reason": "a second lot",
    },
    "recall.close": {"recall": RECALL, "reason": "All units accounted for."},
    "recall.answer": {
        "recall": RECALL,
        "counts": {"quarantined": 8, "supplied": 2},
        "note": "in the safe",
    },
    "erasure": {
        "indices": [4, 17],
        "legal_basis": "GDPR Art. 17(1)(a)",
        "snapshot_digest": "cd" * 32,
    },
    "genesis": {
        "origin": "trace.example/log",
        "operator": {
            "gln": "9506000100012",
            "name": "PharmaTrace Operations",
            "country": "CH",
            "keys": [ADMIN],
        },
        "authorities": [
            {
                "gln": "9501101000018",
                "name": "Medicines Authority",
                "country": "CH",
                "role": "regulator",
                "keys": [{**ADMIN, "spki_b64": P256, "alg": "webauthn-es256"}],
            }
        ],
        "receipt_keys": [],
        "log_vkeys": [VKEY],
        "webauthn": {"rp_id": "trace.example", "origins": ["https://trace.example"]},
        "law_version": 1,
        "map_version": 1,
    },
    "events": {"count": 3, "digest": "ef" * 32},
}
AUTHORITY = BODIES["genesis"]["authorities"][0]


def scope(rp_id, *origins):
    """Genesis' relying party with these origins, else the one it has."""
    return {"rp_id": rp_id, "origins": list(origins) or ["https://trace.example"]}
