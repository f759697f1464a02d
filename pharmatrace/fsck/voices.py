"""Who may speak, learned from the statements themselves while they are read.

Nothing here comes from the tables of partners and keys: those are projections.
"""

from __future__ import annotations

from collections.abc import Iterator

from apps.core.bodies import Genesis, KeyEnrol, KeyRevoke, PartyAdmit, parse_body
from apps.core.delegation import read_delegation, verify_delegation
from apps.core.envelope import Envelope, Signature
from apps.core.errors import TraceError, UntrustedSignature
from apps.core.receipt import verify_receipt
from apps.core.signing import PublicKey, verify_signature
from apps.core.statement import PARTY_KINDS, Statement
from pharmatrace.fsck.finding import Finding, finding_of


class Voices:
    """The keys that were named so far, and those that were revoked."""

    def __init__(self) -> None:
        self.genesis: Genesis | None = None
        self._keys: dict[str, tuple[PublicKey, str]] = {}  # by keyid: key, GLN
        self._revoked: set[str] = set()

    def learn_keys(self, statement: Statement) -> None:
        """Take the keys that a statement brings; it may be signed by them itself."""
        if statement.kind != "genesis" and statement.kind not in PARTY_KINDS:
            return
        body = parse_body(statement.kind, statement.body)
        if isinstance(body, Genesis):
            self.genesis = body
            for party in (body.operator, *body.authorities):
                for named in party.keys:
                    self._keys[named.key.keyid] = (named.key, party.gln)
        elif isinstance(body, PartyAdmit):
            self._keys[body.first_key.key.keyid] = (body.first_key.key, body.gln)
        elif isinstance(body, KeyEnrol):
            self._keys[body.key.keyid] = (body.key, body.party)

    def learn_revocation(self, statement: Statement) -> None:
        """Take the end of a key; the revocation itself it may still have signed."""
        if statement.kind == "key.revoke":
            body = parse_body(statement.kind, statement.body)
            if isinstance(body, KeyRevoke):
                self._revoked.add(body.keyid)

    def check(
        self, envelope: Envelope, statement: Statement, *, at_ms: int, where: str
    ) -> Iterator[Finding]:
        """Every signature that does not hold; and if none is of `by`."""
        parties = set()
        for signature in envelope.signatures:
            try:
                parties.add(self._verify(envelope, signature, at_ms))
            except TraceError as error:
                yield finding_of(error, where)
        if statement.by not in parties:
            yield Finding("not_of_party", where, wanted=statement.by)

    def check_receipt(self, receipt: Envelope, *, where: str) -> Iterator[Finding]:
        """Whether a receipt key of genesis signed the receipt."""
        named = self.genesis.receipt_keys if self.genesis else ()
        keyids = {signature.keyid for signature in receipt.signatures}
        keys = [key for key in named if key.keyid in keyids]
        if not keys:
            yield Finding("unknown_receipt_key", where)
            return
        try:
            verify_receipt(envelope=receipt, key=keys[0])
        except TraceError as error:
            yield finding_of(error, where)

    def _verify(self, envelope: Envelope, signature: Signature, at_ms: int) -> str:
        """The GLN for which a signature speaks; raises if it does not hold."""
        scope = self.genesis.webauthn if self.genesis else None
        if signature.delegation is None:
            key, gln = self._known(signature.keyid)
        else:
            delegation, delegator = read_delegation(signature)
            lender, gln = self._known(delegator)
            verify_delegation(
                envelope=signature.delegation,
                delegator=lender,
                webauthn=scope,
                delegation=delegation,
                accepted_ms=at_ms,
            )
            key = delegation.key
        verify_signature(key=key, pae=envelope.pae, signature=signature, webauthn=scope)
        return gln

    def _known(self, keyid: str) -> tuple[PublicKey, str]:
        if keyid not in self._keys:
            raise UntrustedSignature("unknown_key", field=keyid)
        if keyid in self._revoked:
            raise UntrustedSignature("revoked_key", field=keyid)
        return self._keys[keyid]
