"""The outsider's verifier of a bundle: one pass, numbered steps, bounded memory.

    1.  it is a zip of exactly the members of a bundle, each of the size and digest
        that the manifest says
    2.  it begins with the genesis wanted; the checkpoint is signed by a log of the
        policy under a key of that genesis, and cosigned by the policy's quorum
    3.  the checkpoint is not older than the reader demands
    4.  every entry is well formed: an envelope, a statement of a known version for
        this ledger, a body of its kind, accepted in its time, in the order of the log
    5.  every leaf recomputes from envelope, salt and time of acceptance, and goes on
        from its chain
    6.  every chain ends where the map says, and is of whom the bundle says: nothing
        was left out
    7.  the map that says so is the one in the last leaf
    8.  all leaves are included under the checkpoint at their indices
    9.  every signature verifies, under a key that genesis leads to and that was not
        revoked by then; those signed who must
    10. the serials are those that the maker signed
    11. the sets of units are those that were signed
    12. the law accepts every statement in the order of the log
    13. every unit is at one place: the places sum to what was commissioned

Each step raises `ProofError` with its number, or adds a finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..errors import ProofError
from ..note import MAX_NOTE_BYTES
from ..steps import at_step
from .chains import Chains
from .head import Demands
from .lines import Chain, parse_chain
from .manifest import MAX_BYTES, REDACTED, Manifest
from .reading import ZIP_STEP, Entries
from .replay import Replay
from .report import Report
from .run import MAP_STEP, TREE_STEP, Run
from .shared import Hashes
from .sums import conclude
from .ties import CHAIN_STEP, verify_ties
from .zipform import CHAINS, CHECKPOINT, ENTRIES, MANIFEST, MAP, TREE
from .zipread import MemberReader, Stream, ZipReader

MOST_CHAINS: Final = 2_000_000
_CHAIN_BYTES: Final = 1_024


def verify_bundle(stream: Stream, demands: Demands) -> Report:
    """Check a bundle from its first byte to its last.

    Args:
        stream: of the zip; it is read once and never sought in.

    Raises:
        ProofError: `step` names the failed one.
    """
    reader = ZipReader(stream)
    with at_step(ZIP_STEP):
        manifest = Manifest.parse(reader.open(MANIFEST).read_all(most=MAX_BYTES))
        note = _whole(reader, manifest, CHECKPOINT, most=MAX_NOTE_BYTES)
        chains = Chains(_read_chains(reader, manifest), manifest.form)
    run = Run(manifest, demands, note, chains, Replay.of(manifest, chains))
    if manifest.form == REDACTED:
        run.lots = {lot.tag: lot.lot for lot in manifest.lots}
    with at_step(ZIP_STEP):
        member = reader.open(ENTRIES)
    run.read(Entries(member))
    with at_step(ZIP_STEP):
        _verify_member(manifest, member)
    with at_step(CHAIN_STEP):
        chains.verify_ends()
        tied = verify_ties(manifest, chains, run.replay, demands.tag_key)
        run.findings += tied
    _verify_hashes(reader, manifest, MAP, MAP_STEP, run.verify_map)
    _verify_hashes(reader, manifest, TREE, TREE_STEP, run.verify_tree)
    with at_step(ZIP_STEP):
        reader.close()
    return conclude(manifest, run.opened_head, run.replay, run.findings, run.links)


def _whole(reader: ZipReader, manifest: Manifest, name: str, *, most: int) -> bytes:
    member = reader.open(name)
    data = member.read_all(most=most)
    _verify_member(manifest, member)
    return data


def _read_chains(reader: ZipReader, manifest: Manifest) -> Iterator[Chain]:
    member = reader.open(CHAINS)
    previous, names = b"", set[tuple[str, ...]]()
    for line in member.lines(most=_CHAIN_BYTES):
        chain = parse_chain(line)
        if chain.tag <= previous or chain.of in names or len(names) == MOST_CHAINS:
            raise ProofError(
                "not_sorted",
                field="chains",
                got=chain.tag.hex(),
                wanted="ascending tags, each once, each of another name",
            )
        previous = chain.tag
        names.add(chain.of)
        yield chain
    _verify_member(manifest, member)


def _verify_member(manifest: Manifest, member: MemberReader) -> None:
    """The member that was read whole is the one of the manifest."""
    info = manifest.member(member.header.name)
    if (member.size, member.digest) != (info.size, info.digest):
        raise ProofError(
            "member_differs",
            field=info.name,
            got=f"{member.size} bytes, {member.digest.hex()}",
            wanted=f"{info.size} bytes, {info.digest.hex()}",
        )


def _verify_hashes(
    reader: ZipReader,
    manifest: Manifest,
    name: str,
    step: int,
    verify: Callable[[Hashes], None],
) -> None:
    """A member of hashes, as the walk takes them."""
    with at_step(ZIP_STEP):
        member = reader.open(name)
    hashes = Hashes(name, member.pieces())
    with at_step(step):
        verify(hashes)
        hashes.close()
    with at_step(ZIP_STEP):
        _verify_member(manifest, member)
