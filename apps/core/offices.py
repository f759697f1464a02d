"""Whom a statement of each kind needs among its signers.

The operator and the authorities are those that genesis names, and any key of theirs
that may sign speaks for the office.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from .bodies import Genesis, KeyRevoke, read_body
from .errors import UntrustedSignature
from .speakers import ADMIN, Speaker
from .statement import Statement


def verify_offices(
    statement: Statement,
    *,
    signed: Collection[str],
    brought: Iterable[str],
    known: Collection[Speaker],
    genesis: Genesis,
    about: Speaker | None,
) -> None:
    """Check that those signed whom the kind of `statement` needs.

    Args:
        signed: keyids of all signatures, every one of which verified.
        brought: keyids that the statement brings itself.
        known: the enrolled keys that spoke.
        genesis: of this ledger.
        about: the key that a key.revoke ends or a key.reattest speaks of, where it
            is known.

    Raises:
        UntrustedSignature: one of them did not.
        MalformedInput: a body that cannot be read.
    Source: DESIGN section 3, "Genesis and keys"; docs/statements.md.
    """
    kind, by = statement.kind, statement.by
    if kind == "genesis":
        _verify_every_party(signed, genesis)
    if kind in {"party.admit", "key.enrol"}:
        _verify_possession(signed, brought)
    if kind in {"party.admit", "party.licence"}:
        _verify_office(known, genesis, by=by)
    elif kind == "key.enrol":
        _verify_enrolment(known, genesis, by=by)
    elif kind == "key.revoke":
        _verify_revocation(statement, known, genesis, about)
    elif kind == "erasure":
        _verify_operator(genesis, by=by)
    elif kind == "key.reattest":
        _verify_own_key(about, by=by)


def _verify_every_party(signed: Collection[str], genesis: Genesis) -> None:
    """Genesis: operator and authorities, each by a key that it names of theirs."""
    for party in genesis.parties:
        if not any(each.key.keyid in signed for each in party.keys):
            raise UntrustedSignature(
                "signature_missing",
                field="signatures",
                got="none of its keys",
                wanted=f"one of {party.gln}",
            )


def _verify_possession(signed: Collection[str], brought: Iterable[str]) -> None:
    """Without it somebody could enrol a key that another party holds."""
    for keyid in brought:
        if keyid not in signed:
            raise UntrustedSignature(
                "possession_missing",
                field="signatures",
                got="none by that key",
                wanted=f"one by {keyid}",
            )


def _verify_office(known: Collection[Speaker], genesis: Genesis, *, by: str) -> None:
    """An authority that genesis names speaks, and the operator signs with it."""
    glns = {each.gln for each in known}
    if by not in _authorities(genesis):
        raise UntrustedSignature(
            "not_an_authority", field="by", got=by, wanted="one that genesis names"
        )
    if by not in glns:
        raise UntrustedSignature(
            "signature_missing",
            field="signatures",
            got="none of its keys",
            wanted=f"one of {by}",
        )
    if genesis.operator.gln not in glns:
        raise UntrustedSignature(
            "operator_missing",
            field="signatures",
            got="none by the operator",
            wanted=f"one of {genesis.operator.gln}",
        )
    if not _are_two_persons(known, genesis):
        raise UntrustedSignature(
            "same_person",
            field="signatures",
            got="one person for both offices",
            wanted="two persons",
        )


def _verify_operator(genesis: Genesis, *, by: str) -> None:
    """Erasures: what the operator keeps, the operator alone lets go."""
    if by != genesis.operator.gln:
        raise UntrustedSignature(
            "not_the_operator", field="by", got=by, wanted=genesis.operator.gln
        )


def _verify_enrolment(known: Collection[Speaker], genesis: Genesis, *, by: str) -> None:
    """An admin key of the party, or, where it has none left, both offices."""
    if not _has_admin(known, by) and not _have_offices(known, genesis):
        raise UntrustedSignature(
            "admin_missing",
            field="signatures",
            got="no administrator's",
            wanted=f"an admin key of {by}",
        )


def _verify_revocation(
    statement: Statement,
    known: Collection[Speaker],
    genesis: Genesis,
    about: Speaker | None,
) -> None:
    """The key itself or an admin key of its party, or an authority and the operator."""
    by, body = statement.by, read_body(statement)
    if by in _authorities(genesis) and _have_offices(known, genesis):
        return
    _verify_own_key(about, by=by)
    itself = isinstance(body, KeyRevoke) and any(
        each.key.keyid == body.keyid for each in known
    )
    if not itself and not _has_admin(known, by):
        raise UntrustedSignature(
            "admin_missing",
            field="signatures",
            got="no administrator's",
            wanted=f"an admin key of {by}",
        )


def _verify_own_key(about: Speaker | None, *, by: str) -> None:
    if about is not None and about.gln != by:
        raise UntrustedSignature(
            "not_of_party", field="by", got=by, wanted="the key's own party"
        )


def _has_admin(known: Collection[Speaker], gln: str) -> bool:
    return any(each.gln == gln and each.role == ADMIN for each in known)


def _have_offices(known: Collection[Speaker], genesis: Genesis) -> bool:
    glns = {each.gln for each in known}
    is_both = genesis.operator.gln in glns and bool(glns & _authorities(genesis))
    return is_both and _are_two_persons(known, genesis)


def _are_two_persons(known: Collection[Speaker], genesis: Genesis) -> bool:
    """Nobody approves what they proposed: each office speaks by somebody of its own."""
    operators = {each.signer for each in known if each.gln == genesis.operator.gln}
    authorities = {each.signer for each in known if each.gln in _authorities(genesis)}
    return any(one != other for one in operators for other in authorities)


def _authorities(genesis: Genesis) -> set[str]:
    return {each.gln for each in genesis.authorities}
