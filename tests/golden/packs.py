"""Vectors of one pack's proof, for every program that reads it: `packs.json`.

`codes` and `files` hold what verifies, with what it shows (`want`), and what must not,
with the code and the step of its refusal (`want_error`, `step`; 1 is reading).
`policy` is the reader's; a case with `reader` has the policy of that name in
`policies` instead. A case with `rooted` is checked from `genesis_id` on, with the
statements in `keys`. A file is the one that `of` names in `proofs`; with `at`, which
leads to a member, that member is `to`, and without `to` it is taken out.
"""

from collections.abc import Iterator
from typing import Any

from apps.core.canonical import canonical_bytes
from apps.core.codeparts import pack_payload
from apps.core.envelope import read_envelope
from apps.core.errors import ProofError, TraceError
from apps.core.fields import Fields
from apps.core.keyring import KeyRing, build_keyring
from apps.core.packproof import parse_pack_proof
from apps.core.packs import PackShown, verify_pack_proof, verify_proof_code
from apps.core.policy import Policy
from apps.core.proofcode import ProofCode, parse_code_text
from tests.golden import pack_code_lies, pack_codes, pack_files
from tests.golden.pack_ledger import (
    POLICY,
    PackLedger,
    code_of,
    genesis_id,
    key_statements,
    ledger_of,
    pack_file,
    signed_on_curve,
)

Case = dict[str, Any]


def pack_vectors() -> dict[str, Any]:
    """Everything in `packs.json`."""
    ledger = ledger_of()
    common = {
        "policy": POLICY,
        "policies": pack_codes.policies(),
        "genesis_id": genesis_id(ledger),
        "keys": key_statements(ledger),
        "proofs": {
            "plain": pack_file(ledger),
            "with history": pack_files.file_with_history(ledger),
        },
    }
    cases = [judged(case, common) for case in _files(ledger)]
    return {
        **common,
        "codes": [judged(case, common) for case in _codes(ledger)],
        "files": cases,
    }


def judged(case: Case, common: Case) -> Case:
    """The case with what it shows, or with the code and step of its refusal."""
    policy = Policy.parse(common["policies"].get(case.get("reader"), POLICY).encode())
    try:
        ring = _ring(common) if case.get("rooted") else KeyRing()
        return {**case, "want": _said(_verify(case, common, policy, ring))}
    except ProofError as error:
        return {**case, "want_error": error.code, "step": error.step}
    except TraceError as error:
        return {**case, "want_error": error.code, "step": 1}


def _verify(case: Case, common: Case, policy: Policy, ring: KeyRing) -> PackShown:
    if "text" in case:
        code = parse_code_text(case["text"])
        return verify_proof_code(code=code, policy=policy, ring=ring)
    file = common["proofs"][case["of"]]
    if "at" in case:
        value = case.get("to", pack_files.GONE)
        file = pack_files.changed(file, case["at"], value)
    proof = parse_pack_proof(canonical_bytes(file))
    return verify_pack_proof(proof=proof, policy=policy, ring=ring)


def _ring(common: Case) -> KeyRing:
    envelopes = [read_envelope(Fields(each, where="")) for each in common["keys"]]
    return build_keyring(envelopes, genesis_id=common["genesis_id"])


def _said(shown: PackShown) -> Case:
    marks = [[each.step, "ok" if each.is_shown else "--"] for each in shown.findings]
    return {
        "gtin": shown.pack.gtin,
        "lot": shown.pack.lot,
        "expiry": shown.pack.expiry_date.isoformat(),
        "serial": shown.pack.serial,
        "by": shown.by,
        "is_signer_known": shown.is_signer_known,
        "statement_id": shown.statement_id,
        "accepted_ms": shown.accepted_ms,
        "leaf_ms": shown.leaf_ms,
        "origin": shown.origin,
        "index": shown.index,
        "tree_size": shown.tree_size,
        "seen_ms": shown.seen_ms,
        "findings": marks,
    }


def _codes(ledger: PackLedger) -> Iterator[Case]:
    code = code_of(pack_file(ledger))
    text = code.format()
    yield {"desc": "the second pack", "bytes": code.encode().hex(), "text": text}
    yield {"desc": "behind an address", "text": f"https://trace.example/check#{text}\n"}
    yield {"desc": "from genesis on", "text": text, "rooted": True}
    yield {
        "desc": "the first pack",
        "text": code_of(pack_file(ledger, ordinal=0)).format(),
    }
    yield {
        "desc": "the third pack",
        "text": code_of(pack_file(ledger, ordinal=2)).format(),
    }
    yield {"desc": "no use made of the dictionary", "text": _unpacked(code)}
    curve = code_of(pack_file(ledger_of(signed_on_curve())))
    yield {"desc": "signed on P-256", "text": curve.format()}
    yield {
        "desc": "whoever asks for no witness",
        "text": text,
        "reader": "no witness is asked for",
    }
    whole = code_of(
        pack_file(ledger), policy=pack_codes.policies()["all three witnesses"]
    )
    yield {"desc": "three cosignatures, two wanted", "text": whole.format()}
    yield {
        "desc": "three cosignatures, three wanted",
        "text": whole.format(),
        "reader": "all three witnesses",
    }
    yield {
        "desc": "two cosignatures, three wanted",
        "text": text,
        "reader": "all three witnesses",
    }
    yield {
        "desc": "a reader who believes another log",
        "text": text,
        "reader": "another log",
    }
    yield {
        "desc": "from genesis on, a key that it does not lead to",
        "text": curve.format(),
        "rooted": True,
    }
    for group in (pack_codes.texts, pack_codes.forms, pack_code_lies.lies):
        for desc, refused in group(code):
            yield {"desc": desc, "text": refused}


def _unpacked(code: ProofCode) -> str:
    body, packed = pack_codes.body_of(code), pack_payload(code.payload)
    at = body.index(packed) - 4
    return pack_codes.repacked(body, at, packed, pack_codes.plain(code.payload))


def _files(ledger: PackLedger) -> Iterator[Case]:
    plain, whole = {"of": "plain"}, {"of": "with history"}
    yield {"desc": "the second pack", **plain}
    yield {"desc": "from genesis on", **plain, "rooted": True}
    yield {"desc": "with history", **whole}
    yield {"desc": "with history, from genesis on", **whole, "rooted": True}
    for name in pack_codes.policies():
        yield {"desc": f"a reader: {name}", **plain, "reader": name}
    for member in ("keys", "after"):
        yield {"desc": f"without {member}", **plain, "at": ["statement", member]}
    yield {
        "desc": "without keys, from genesis on",
        **plain,
        "at": ["statement", "keys"],
        "rooted": True,
    }
    for desc, path, value in pack_files.changes(ledger):
        to = {} if isinstance(value, pack_files.Gone) else {"to": value}
        yield {"desc": desc, **whole, "at": path, **to}
