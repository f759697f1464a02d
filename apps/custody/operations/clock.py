"""The law's moment against the limits that a statement sets itself.

The door compares `expires` and a delegation's end with its own clock. Where a parent
was accepted later than that clock says, the law's moment lies ahead of it, and that
moment is the one that stays: fsck and every verifier judge by it.
"""

from __future__ import annotations

from apps.core.delegation import read_delegation
from apps.core.encoding import format_time_ms
from apps.core.errors import UntrustedSignature
from apps.ledger.operations import Submission
from apps.partners import operations as partners


def verify_in_time(*, submission: Submission, accepted_ms: int) -> None:
    """Check that statement and delegations still count at `accepted_ms`.

    Raises:
        UntrustedSignature: `statement_expired`, `delegation_out_of_time`.
    """
    statement = submission.statement
    partners.verify_scope(statement, origin=statement.ledger, at_ms=accepted_ms)
    for signature in submission.envelope.signatures:
        if signature.delegation is None:
            continue
        delegation, _ = read_delegation(signature)
        if accepted_ms > delegation.to_ms:
            raise UntrustedSignature(
                "delegation_out_of_time",
                field=signature.keyid,
                got=format_time_ms(accepted_ms),
                wanted=f"until {format_time_ms(delegation.to_ms)}",
            )
