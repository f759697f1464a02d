"""How the witnesses of this log do, for people."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from apps.anchoring.clients.log_key import log_signers
from apps.anchoring.clients.policy import build_policy, read_witnesses
from apps.anchoring.models import WitnessState
from apps.anchoring.queries.checkpoints import PublishedHead, newest_checkpoint
from apps.core.errors import IntegrityBreach, Unavailable
from apps.core.note import Note
from apps.core.policy import PolicyWitness


@dataclass(frozen=True, slots=True)
class WitnessRow:
    """One witness of the policy.

    Args:
        name: in the policy.
        key_name: in its signatures.
        has_cosigned: whether its line is under the published checkpoint.
        cosigned_at: when it last did, any checkpoint; None if never.
        fault: the code of what came of asking it last; "" where all was well.
    """

    name: str
    key_name: str
    url: str
    has_cosigned: bool
    cosigned_at: datetime | None
    fault: str

    @property
    def state(self) -> str:
        """`go`, or `think` where it has not cosigned."""
        return "go" if self.has_cosigned and not self.fault else "think"

    @property
    def sentence(self) -> str:
        """What it did, in words."""
        if self.fault == "witness_ahead":
            return _("says that it saw a later head than ours")
        if self.fault == "witness_refuses":
            return _("says that our head contradicts what it saw")
        if self.fault:
            return _("gave no answer that counts ({code})").format(code=self.fault)
        if self.has_cosigned:
            return _("has cosigned the published checkpoint")
        return _("has not cosigned the published checkpoint")


def list_witnesses() -> list[WitnessRow]:
    """The witnesses of the policy, in its order.

    Raises:
        Unavailable: the policy cannot be read.
    """
    states = {row.witness: row for row in WitnessState.objects.all()}
    try:
        ids = _ids_under(newest_checkpoint())
    except IntegrityBreach:
        ids = set()  # the status says so
    rows = []
    for witness in read_witnesses().witnesses:
        state = states.get(witness.name)
        rows.append(
            WitnessRow(
                name=witness.name,
                key_name=witness.key.name,
                url=witness.url,
                has_cosigned=_id_of(witness) in ids,
                cosigned_at=state.cosigned_at if state else None,
                fault=state.fault if state else "",
            )
        )
    return rows


def witnesses_label(published: PublishedHead | None) -> str:
    """How many of our witnesses have cosigned the published head, for people."""
    try:
        witnesses = read_witnesses().witnesses
    except Unavailable:
        return _("witnesses unknown")
    if not witnesses:
        return _("no witnesses")
    ids = _ids_under(published)
    met = sum(_id_of(one) in ids for one in witnesses)
    return _("{met} of {all} witnesses").format(met=met, all=len(witnesses))


def _ids_under(published: PublishedHead | None) -> set[tuple[str, bytes]]:
    # Our own file: who does not believe us verifies it by the policy.
    lines = Note.parse(published.note).signatures if published else ()
    return {(line.name, line.key_id) for line in lines}


def _id_of(witness: PolicyWitness) -> tuple[str, bytes]:
    return (witness.key.name, witness.key.key_id)


def build_policy_file() -> bytes:
    """The policy as this host would publish it.

    Raises:
        Unavailable: this host does not hold the log's keys, or the witnesses' file
            cannot be read.
    """
    return build_policy(signer.verifier for signer in log_signers()).format()
