"""Lent voices that statements show, noted once each: whose voice a device key had."""

from apps.core.delegation import read_delegation
from apps.core.envelope import statement_id
from apps.ledger.operations import Submission
from apps.partners.models import LentVoice


def digests_of(submission: Submission) -> list[str]:
    """The names of the delegations that a statement shows."""
    shown = (each.delegation for each in submission.envelope.signatures)
    return [statement_id(each) for each in shown if each is not None]


def note_lent_voices(submission: Submission, *, seen: set[str]) -> None:
    """Note the delegations of a statement that were not seen before.

    Args:
        seen: digests of those that are noted; what is noted now is added.

    Of two statements that show a new one at the same moment the second waits here for
    the first, so the first in the log is the one that is named.
    """
    seen_in = statement_id(submission.envelope)
    for signature in submission.envelope.signatures:
        if signature.delegation is None:
            continue
        digest = statement_id(signature.delegation)
        if digest in seen:
            continue
        seen.add(digest)
        lent, lender = read_delegation(signature)
        row = LentVoice(
            digest=digest,
            device_keyid=signature.keyid,
            lender_id=lender,
            site=lent.site,
            from_ms=lent.from_ms,
            to_ms=lent.to_ms,
            seen_in=seen_in,
        )
        LentVoice.objects.bulk_create([row], ignore_conflicts=True)
