"""A chain of Ethereum's kind as a service that stamps heads.

Judging a token needs nothing but the ground. Sending needs the packages of
requirements-anchors.txt, which are imported when something is sent and not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from apps.anchoring.clients.anchor_file import AnchorOptions
from apps.anchoring.clients.anchors import (
    AnchorService,
    Facts,
    Promise,
    Promised,
    Stamp,
    Withdrawn,
    import_extra,
)
from apps.anchoring.clients.evm.options import EvmOptions, read_options
from apps.anchoring.clients.evm.state import State
from apps.core.checkpoint import Checkpoint
from apps.core.encoding import LAST_MS
from apps.core.errors import MalformedInput, ProofError
from apps.core.evm.token import EvmToken, verify_token

if TYPE_CHECKING:
    from apps.anchoring.clients.evm.sender import Sender

# How far the chain's clock may be from ours.
_MAX_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class EvmChain:
    """One chain.

    Args:
        options: None where only stored tokens are judged.
    """

    options: EvmOptions | None

    def stamp(self, data: bytes, *, at: datetime) -> Promise:
        """Sign the call that anchors a head; `resume` hands it in.

        Raises:
            Unavailable, MalformedInput, ProofError: see `Sender.begin`.
        """
        return self._open().begin(_head_of(data), at=at)

    def resume(
        self, promised: Promised, data: bytes, *, at: datetime
    ) -> Stamp | Promise | Withdrawn:
        """Take the next step; the stamp once the call is in a block that counts.

        Raises:
            Unavailable, MalformedInput, ProofError: see `Sender.go_on`.
        """
        try:
            state = State.parse(promised.state)
        except MalformedInput as error:
            return Withdrawn(error)
        said = self._open().go_on(state, _head_of(data), at=at)
        if not isinstance(said, EvmToken):
            return said
        stamp = self.verify(said.encode(), data, facts={})
        try:
            _verify_time(stamp, since=promised.begun_at, at=at)
        except ProofError as error:
            # It will not become younger: only another call can be better.
            return Withdrawn(error)
        return stamp

    def verify(self, token: bytes, data: bytes, *, facts: Facts) -> Stamp:
        """Check that the event over the head is in the block that the token names.

        Raises:
            MalformedInput, ProofError: see `apps.core.evm.token`; `stamp_time_off`.
        """
        read, head = EvmToken.parse(token), _head_of(data)
        seconds = verify_token(read, tree_size=head.tree_size, root_hash=head.root_hash)
        if seconds > LAST_MS // 1000:
            raise ProofError("stamp_time_off", got=seconds, wanted="POSIX seconds")
        return Stamp(
            token,
            datetime.fromtimestamp(seconds, tz=UTC),
            {
                "chain": f"eip155:{read.chain_id}",
                "block_number": read.block_number,
                "block_hash": read.block_hash.hex(),
            },
        )

    def _open(self) -> Sender:
        if self.options is None:
            raise RuntimeError("a judge of tokens was asked to send")
        opened = import_extra("apps.anchoring.clients.evm.sender.open_sender")
        sender: Sender = opened(self.options)
        return sender


def _head_of(data: bytes) -> Checkpoint:
    return Checkpoint.parse(data.decode())


def _verify_time(stamp: Stamp, *, since: datetime, at: datetime) -> None:
    when = stamp.stamped_at
    if when is None or not since - _MAX_SKEW <= when <= at + _MAX_SKEW:
        raise ProofError(
            "stamp_time_off",
            got=str(when),
            wanted=f"{since.isoformat()} to {at.isoformat()}, within 5 minutes",
        )


def open_evm(options: AnchorOptions) -> AnchorService:
    """The chain that a table of the file describes; without any line, a judge.

    Raises:
        MalformedInput: `unfit_line`: see `read_options`.
    """
    if not options.values:
        return EvmChain(None)
    return EvmChain(read_options(options, needs_contract=True))
