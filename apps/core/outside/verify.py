"""pharmatrace-verify: check statements of a ledger offline, from files alone.

FILE is a statement's proof file, the proof of a pack, a proof code as text, a receipt,
a window of the log that shows what became of it, a signed answer, a statement that shows keys (genesis,
party.admit, key.enrol), a file of events beside the proof of its statement, or a bare
C2SP tlog-proof followed by its leaf; or one bundle (zip), which needs --genesis.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final, TypeVar

from ..answer import verify_answer
from ..canonical import JsonValue, parse_json
from ..encoding import decode_hex
from ..envelope import ANSWER_TYPE, RECEIPT_TYPE, Envelope, read_envelope
from ..errors import MalformedInput, ProofError, TraceError
from ..fields import Fields
from ..keyring import KeyRing, build_keyring
from ..leaf import LEAF_SIZE, Leaf
from ..packproof import PACK_FORMAT, PackProof, parse_pack_proof
from ..places import verify_place
from ..policy import Policy
from ..promise import verify_promise, verify_stretch
from ..proof import HEADER, TlogProof
from ..proofcode import ProofCode, is_code, read_code_file
from ..prooffile import MAX_PROOF_BYTES, StatementProof, parse_proof_file
from ..statement import parse_statement
from ..steps import Finding
from ..verify import verify_statement
from ..window import WINDOW_FORMAT, Window, parse_window
from .bundle import add_options, check_bundle, is_bundle, say
from .console import ending, read_input
from .packs import judge_pack, statements_of

T = TypeVar("T")
# How NDJSON of events begins, and nothing else that this command reads.
_EVENTS: Final = b'{"event":'

LIMITS: Final = (
    "Not shown by any proof: that a signer told the truth about the physical world, "
    "and that nothing happened which nobody submitted."
)


@dataclass(slots=True)
class Files:
    """What was read, by what it is."""

    proofs: list[StatementProof] = field(default_factory=list)
    packs: list[PackProof | ProofCode] = field(default_factory=list)
    receipts: list[Envelope] = field(default_factory=list)
    answers: list[Envelope] = field(default_factory=list)
    statements: list[Envelope] = field(default_factory=list)
    places: list[TlogProof] = field(default_factory=list)
    windows: list[Window] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    events: dict[str, bytes] = field(default_factory=dict)  # by SHA-256, hex

    def read(self, data: bytes) -> None:
        """Take one more file.

        Raises:
            MalformedInput: it is none of the forms that are known.
        """
        if is_code(data):
            self.packs.append(read_code_file(data))
        elif data.startswith(HEADER.encode()):
            self.places.append(TlogProof.parse(data))
        elif data.startswith(_EVENTS):
            self.events[sha256(data).hexdigest()] = data
        elif data.lstrip().startswith(b"{"):
            self._read_json(data)
        elif len(data) == LEAF_SIZE:
            self.leaves.append(Leaf.decode(data))
        else:
            text = data.decode("ascii", "replace").strip()
            self.leaves.append(
                Leaf.decode(decode_hex(text, size_bytes=LEAF_SIZE, field="leaf"))
            )

    def _read_json(self, data: bytes) -> None:
        value = parse_json(data, max_bytes=MAX_PROOF_BYTES, field="evidence")
        if isinstance(value, dict) and "format" in value:
            self._read_proof(data, value["format"])
            return
        envelope = read_envelope(Fields(_unwrap(value), where=""))
        kinds = {RECEIPT_TYPE: self.receipts, ANSWER_TYPE: self.answers}
        kinds.get(envelope.payload_type, self.statements).append(envelope)

    def _read_proof(self, data: bytes, form: JsonValue) -> None:
        if form == PACK_FORMAT:
            self.packs.append(parse_pack_proof(data))
        elif form == WINDOW_FORMAT:
            self.windows.append(parse_window(data))
        else:
            self.proofs.append(parse_proof_file(data))


def run(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    return ending(_main, arguments)


def _main(arguments: Sequence[str]) -> None:
    options = _parser().parse_args(arguments)
    if any(map(is_bundle, options.file)):
        _check_bundle(options)
        return
    files, policy = _read_all(options.file, options.policy)
    ring = _key_ring(files, options.genesis)
    for proof in files.proofs:
        _show(
            verify_statement(proof=proof, policy=policy, ring=ring, files=files.events)
        )
    for pack in files.packs:
        _show(judge_pack(pack, policy=policy, ring=ring, now_ms=_now_ms()))
    _refuse_unsigned(files)
    for place, leaf in zip(files.places, files.leaves, strict=True):
        _show(verify_place(leaf, place, policy, ring))
    for window in files.windows:
        _show(verify_stretch(window, policy=policy, ring=ring))
    for receipt in files.receipts:
        _show([_judge_receipt(receipt, files, policy, ring)])
    for answer in files.answers:
        _show([verify_answer(answer, ring=ring)])
    print(LIMITS)


def _judge_receipt(
    receipt: Envelope, files: Files, policy: Policy, ring: KeyRing
) -> Finding:
    return verify_promise(
        receipt=receipt,
        ring=ring,
        proofs=files.proofs,
        windows=files.windows,
        policy=policy,
    )


def _check_bundle(options: argparse.Namespace) -> None:
    if len(options.file) != 1:
        raise ProofError(
            "bundle_alone", step=1, got=f"{len(options.file)} files", wanted="a bundle"
        )
    report = check_bundle(options.file[0], options, _take(options.policy, Policy.parse))
    _show([Finding(1, "a bundle and a policy are read"), *report.findings])
    say(report)
    print(LIMITS)


def _read_all(names: Sequence[str], policy: str) -> tuple[Files, Policy]:
    """Step 1."""
    files = Files()
    for name in names:
        _take(name, files.read)
    parsed = _take(policy, Policy.parse)
    if len(files.places) != len(files.leaves):
        raise ProofError("unpaired", step=1, wanted="a leaf for each bare tlog-proof")
    told = files.receipts or files.answers
    if not (files.proofs or files.packs or files.places or told):
        raise ProofError("nothing_to_check", step=1, wanted="a proof or a receipt")
    _show([Finding(1, f"{len(names)} file(s) and a policy are read")])
    return files, parsed


def _take(name: str, read: Callable[[bytes], T]) -> T:
    try:
        return read(read_input(name))
    except OSError as error:
        raise ProofError("unreadable", step=1, field=name, got=error) from error
    except TraceError as error:
        raise ProofError(
            error.code,
            step=1,
            field=f"{name} {error.field}".strip(),
            got=error.got,
            wanted=error.wanted,
        ) from error


def _key_ring(files: Files, genesis_id: str) -> KeyRing:
    envelopes = [*files.statements]
    for proof in [*files.proofs, *statements_of(files.packs)]:
        envelopes += [proof.envelope, *proof.keys]
    try:
        return build_keyring(envelopes, genesis_id=genesis_id)
    except ProofError:
        raise
    except TraceError as error:
        # A statement that cannot be read is judged as such where it is proven.
        step = 3 if isinstance(error, MalformedInput) else 4
        raise ProofError(
            error.code,
            step=step,
            field=error.field,
            got=error.got,
            wanted=error.wanted,
        ) from error


def _refuse_unsigned(files: Files) -> None:
    """A file of events that no statement names would look as if it were proven."""
    said = [parse_statement(proof.envelope.payload) for proof in files.proofs]
    named = {each.body.get("digest") for each in said if each.kind == "events"}
    for digest in sorted(files.events.keys() - named):
        raise ProofError(
            "unsigned_events", step=3, got=digest, wanted="a file that was signed"
        )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _unwrap(value: JsonValue) -> JsonValue:
    """The receipt or the answer in what the site answered, or the value itself."""
    for name in ("answer", "receipt"):
        if isinstance(value, dict) and value.get(name) is not None:
            return value[name]
    return value


def _show(findings: Sequence[Finding]) -> None:
    for finding in findings:
        mark = "ok" if finding.is_shown else "--"
        if finding.is_doubtful:
            mark = "!!"
        print(f"{finding.step:>2}. {mark}  {finding.text}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="pharmatrace-verify", description=__doc__)
    parser.add_argument("file", nargs="+", help="a file, - for standard input")
    parser.add_argument("--policy", required=True, help="C2SP trust policy")
    parser.add_argument(
        "--genesis",
        default="",
        help="id of the genesis statement: keys must lead to it",
    )
    add_options(parser)
    return parser


if __name__ == "__main__":  # `python -m …` must never end well by doing nothing
    sys.exit(run())
