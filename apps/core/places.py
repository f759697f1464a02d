"""Where leaves stand in the log, and under whose head: steps 7 to 10 of the verifier."""

from __future__ import annotations

from collections.abc import Sequence

from .checkpoint import Checkpoint, open_checkpoint
from .errors import ProofError
from .leaf import Leaf, LeafType
from .merkle import verify_inclusion
from .note import Note
from .policy import Policy, open_trusted_checkpoint
from .proof import TlogProof
from .prooffile import StatementProof
from .steps import Finding, at_step


def verify_places(
    leaves: Sequence[tuple[Leaf, TlogProof]], policy: Policy
) -> list[Finding]:
    """Steps 7 to 9 for leaves and their proofs.

    Raises:
        ProofError: `step` names the failed one.
    """
    with at_step(7):
        for leaf, proof in leaves:
            _verify_included(leaf, proof)
    with at_step(8):
        heads = {
            open_checkpoint(
                proof.checkpoint, log_keys=[log.key for log in policy.logs]
            ).checkpoint
            for _, proof in leaves
        }
    with at_step(9):
        for _, proof in leaves:
            open_trusted_checkpoint(proof.checkpoint, policy)
    places = ", ".join(str(proof.index) for _, proof in leaves)
    sizes = " and ".join(f"{head.origin} at size {head.tree_size}" for head in heads)
    quorum = "no witness is asked for" if policy.quorum == "none" else "quorum is met"
    return [
        Finding(7, f"included at index {places}"),
        Finding(8, f"signed head of {sizes}"),
        Finding(9, f"witnesses: {quorum}", is_shown=policy.quorum != "none"),
    ]


def verify_place(leaf: Leaf, proof: TlogProof, policy: Policy) -> list[Finding]:
    """Steps 7 to 9 for a bare tlog-proof, which has no map root for step 10.

    Raises:
        ProofError: `step` names the failed one.
    """
    nothing = Finding(10, "a bare tlog-proof brings no map root", is_shown=False)
    return [*verify_places([(leaf, proof)], policy), nothing]


def judge_map_root(proof: StatementProof, policy: Policy) -> Finding:
    """Step 10: the last leaf under the head of `proof` is its map root.

    Raises:
        ProofError: it is not, or it stands under another head than the leaves.
    """
    leaf, place = proof.map_root
    head = head_of(place)
    if leaf.kind is not LeafType.MAP_ROOT or place.index != head.tree_size - 1:
        raise ProofError("map_root_not_last", got=place.index)
    _verify_included(leaf, place)
    open_trusted_checkpoint(place.checkpoint, policy)
    if any(head_of(each.proof) != head for each in proof.leaves):
        raise ProofError("other_checkpoint", field="map_root")
    return Finding(10, f"the map root is the last leaf, index {place.index}")


def _verify_included(leaf: Leaf, proof: TlogProof) -> None:
    head = head_of(proof)
    verify_inclusion(
        leaf_hash=leaf.leaf_hash,
        index=proof.index,
        tree_size=head.tree_size,
        path=proof.path,
        root_hash=head.root_hash,
    )


def head_of(proof: TlogProof) -> Checkpoint:
    """The head that a proof leads to; its signatures are not checked here."""
    return Checkpoint.parse(Note.parse(proof.checkpoint).text)
