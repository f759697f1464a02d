"""Who may do what: parties, licences and products as their statements make them.

A party counts only where its whole chain is shown, so that no licence, and no end of
one, can be left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..bodies import Genesis, PartyAdmit, PartyLicence, ProductRegister, read_body
from ..custody import Licence, Party, State
from ..errors import ProofError, UntrustedSignature
from ..ordinals import Ordinals
from ..statement import Statement
from .voices import wrong_chain


@dataclass(slots=True)
class Register:
    """The parties and products known so far; the law's state has the parties.

    Args:
        chains, tied: as in `voices.Voices`.
        is_whole: whether licences are shown, so that they can be asked for.
    """

    state: State[Ordinals]
    chains: Mapping[tuple[str, ...], bytes]
    tied: set[bytes]
    is_whole: bool
    names: dict[str, str] = field(default_factory=dict)  # by GLN
    owners: dict[str, str] = field(default_factory=dict)  # brand owner by GTIN
    _sites: dict[str, dict[str, frozenset[str]]] = field(default_factory=dict)

    def begin(self, body: Genesis) -> None:
        """Take the names of the offices."""
        for party in body.parties:
            self.names[party.gln] = party.name
        self.state.regulators = frozenset(
            each.gln for each in body.authorities if each.role == "regulator"
        )

    def learn(self, statement: Statement, *, at_ms: int) -> None:
        """Take what a judged statement makes of a party or a product.

        Raises:
            ProofError: `admitted_twice`, `registered_twice`, `wrong_chain`.
            UntrustedSignature: `not_brand_owner`, `not_licensed`.
        """
        if statement.kind not in {"party.admit", "party.licence", "product.register"}:
            return
        body = read_body(statement)
        if isinstance(body, PartyAdmit):
            self._admit(body, statement)
        elif isinstance(body, PartyLicence):
            self._license(body, statement)
        elif isinstance(body, ProductRegister):
            self._register(body, statement, at_ms)

    def _admit(self, body: PartyAdmit, statement: Statement) -> None:
        # For who signed only; what it may do stands in the party's own chain.
        self.names[body.gln] = body.name
        if ("party", body.gln) not in self.chains:
            return
        tags = {subject.tag for subject in statement.subjects} - {body.key_tag}
        self._tie(("party", body.gln), tags)
        if body.gln in self.state.parties:
            raise ProofError("admitted_twice", field=body.gln, wanted="a new party")
        self.state.parties[body.gln] = Party(body.gln)

    def _license(self, body: PartyLicence, statement: Statement) -> None:
        if ("party", body.gln) not in self.chains:
            return
        self._tie(("party", body.gln), {each.tag for each in statement.subjects})
        known = self.state.parties.get(body.gln, Party(body.gln))
        licence = Licence(
            role=body.role,
            gs1_prefixes=tuple(body.gs1_prefixes),
            scope=tuple(body.scope),
            from_ms=body.from_ms,
            to_ms=body.to_ms,
            is_suspended=body.is_suspended,
        )
        others = tuple(each for each in known.licences if each.role != body.role)
        # A party's sites are those of its current licences, one licence a role.
        named = self._sites.setdefault(body.gln, {})
        named[body.role] = frozenset(site.gln for site in body.sites)
        sites = frozenset[str]().union(*named.values())
        self.state.parties[body.gln] = Party(body.gln, (*others, licence), sites)

    def _register(
        self, body: ProductRegister, statement: Statement, at_ms: int
    ) -> None:
        self._tie(("product", body.gtin), {each.tag for each in statement.subjects})
        if body.gtin in self.owners:
            raise ProofError(
                "registered_twice", field=body.gtin, wanted="a new product"
            )
        by = statement.by
        if body.brand_owner != by:
            raise UntrustedSignature(
                "not_brand_owner", field="brand_owner", got=body.brand_owner, wanted=by
            )
        party = self.state.parties.get(by, Party(by))
        if self.is_whole and not party.may_make(gtin=body.gtin, at_ms=at_ms):
            raise UntrustedSignature(
                "not_licensed",
                field="gtin",
                got=body.gtin,
                wanted="a GTIN under a prefix of a licence as manufacturer in force",
            )
        self.owners[body.gtin] = by

    def _tie(self, of: tuple[str, ...], tags: set[bytes]) -> None:
        """The statement says which tag is of what: it must be the chain's."""
        tag = self.chains.get(of)
        if tag is None or tags != {tag}:
            raise wrong_chain(" ".join(of), tag or b"", min(tags, default=b""))
        self.tied.add(tag)
