"""Of whom each chain is: said by statements, or computed from the tag key; step 6."""

from __future__ import annotations

import hmac
from typing import Final

from ..errors import ProofError
from ..leaf import CONFIG_TAG
from ..steps import Finding
from .chains import Chains
from .lines import Chain
from .manifest import WHOLE, Manifest
from .replay import Replay
from .voices import wrong_chain

CHAIN_STEP: Final = 6


def verify_ties(
    manifest: Manifest, chains: Chains, replay: Replay, tag_key: bytes
) -> list[Finding]:
    """Check that every chain is of whom the bundle says, and that none is missing.

    1. The chains of the configuration, of each lot and of its product are there.
    2. A statement in the chain says what its tag is of; keys of genesis have none.
    3. With the tag key every tag is computed.
    4. The lots of a recall are all that its statements name.

    Raises:
        ProofError: `chain_missing`, `wrong_chain`, `lot_missing`.
    """
    # 1
    wanted = _verify_there(manifest, chains)
    # 2
    known = wanted | replay.voices.tied
    founders = [("key", keyid) for keyid in replay.voices.founders]
    known |= {chains.names[of] for of in founders if of in chains.names}
    for tag, chain in chains.declared.items():
        if tag not in known:
            what = " ".join(chain.of)
            raise ProofError("chain_untied", field=what, wanted="a statement about it")
    # 3
    text = f"{len(chains.declared)} chains are whole: nothing in them was left out"
    found = [Finding(CHAIN_STEP, text), _tags(chains, tag_key, len(founders))]
    # 4
    if manifest.recall:
        found.append(_recall(manifest, replay))
    if manifest.form != WHOLE:
        text = (
            "links of others are closed; their role and country are the operator's word"
        )
        found.append(Finding(CHAIN_STEP, text, is_shown=False))
    return found


def _verify_there(manifest: Manifest, chains: Chains) -> set[bytes]:
    """The tags that need no statement to say what they are of."""
    wanted: dict[tuple[str, ...], bytes] = {("config",): CONFIG_TAG}
    for lot in manifest.lots:
        wanted[("batch", lot.gtin, lot.lot)] = lot.tag
    for of, tag in wanted.items():
        if chains.names.get(of) != tag:
            raise ProofError("chain_missing", field=" ".join(of), wanted=tag.hex())
    for gtin in {lot.gtin for lot in manifest.lots}:
        if ("product", gtin) not in chains.names:
            raise ProofError("chain_missing", field=f"product {gtin}")
    return set(wanted.values())


def _tags(chains: Chains, tag_key: bytes, founders: int) -> Finding:
    if not tag_key:
        text = (
            f"tags were not computed (--tag-key): that {founders} key(s) of genesis were"
            " not revoked, and that nobody has a second chain, is the operator's word"
        )
        return Finding(CHAIN_STEP, text, is_shown=False)
    for tag, chain in chains.declared.items():
        made = CONFIG_TAG if chain.of == ("config",) else _tag(tag_key, chain)
        if made != tag:
            raise wrong_chain(" ".join(chain.of), tag, made)
    return Finding(CHAIN_STEP, "every tag is the one that the tag key makes")


def _tag(tag_key: bytes, chain: Chain) -> bytes:
    return hmac.digest(tag_key, "\0".join(chain.of).encode(), "sha256")


def _recall(manifest: Manifest, replay: Replay) -> Finding:
    named = replay.calls.named.get(manifest.recall)
    if named is None:
        raise ProofError("recall_unknown", field=manifest.recall, wanted="a recall")
    missing = named - {lot.tag for lot in manifest.lots}
    if missing:
        raise ProofError(
            "lot_missing",
            field="lots",
            got=f"{len(manifest.lots)} lots",
            wanted=f"also {min(missing).hex()}, which the recall names",
        )
    stands = replay.calls.stands[manifest.recall]
    text = (
        f"all {len(named)} lot(s) that recall {manifest.recall} names; it is {stands}"
    )
    return Finding(CHAIN_STEP, text)
