"""What waited for a statement is over when the statement is recorded."""

from apps.core.errors import LedgerConflict
from apps.partners.formats import Said
from apps.partners.models import Outcome, Proposal


def close_proposal(said: Said) -> None:
    """Close the proposal of a statement that is about to be recorded, if there is one.

    Raises:
        LedgerConflict: `proposal_withdrawn`: who proposed it took it back meanwhile.
    """
    rows = Proposal.objects.select_for_update().filter(statement_id=said.statement_id)
    proposal = rows.first()
    if proposal is None:
        return
    if proposal.outcome == Outcome.WITHDRAWN:
        raise LedgerConflict(
            "proposal_withdrawn",
            got=said.statement_id,
            wanted="a fresh statement, if it is wanted again",
        )
    proposal.closed_at, proposal.outcome = said.at, Outcome.RECORDED
    proposal.save(update_fields=["closed_at", "outcome"])
