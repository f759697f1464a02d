"""Partners, sites, licences and keys as their statements make them."""

from __future__ import annotations

from collections.abc import Iterator

from apps.core.bodies import (
    Authority,
    Body,
    Genesis,
    KeyEnrol,
    KeyRevoke,
    NamedKey,
    PartyAdmit,
    PartyLicence,
)
from apps.core.leaf import key_tag, party_tag
from apps.edge.secrets import tag_key
from apps.ledger.queries import StoredStatement
from apps.partners.models import Licence, SigningKey, Site, TradingPartner
from pharmatrace.fsck.finding import Finding
from pharmatrace.fsck.rows import Row, compare_rows

_SHOWN = {"brand_authority": "manufacturer"}  # else a role is shown by its own name
_OFFICES = frozenset({"regulator", "operator"})


class Parties:
    """Fed with the bodies in order of acceptance, it knows every row of partners."""

    def __init__(self) -> None:
        self._partners: dict[str, Row] = {}
        self._sites: dict[str, Row] = {}
        self._licences: dict[str, Row] = {}
        self._keys: dict[str, Row] = {}
        self._founders: set[str] = set()  # genesis alone says what they are
        # The licences in force of each party, by role: the newest one last.
        self._current: dict[str, dict[str, Row]] = {}

    def learn(self, body: Body, row: StoredStatement) -> None:
        """Take what a statement says of parties and keys."""
        match body:
            case Genesis():
                for party in body.parties:
                    self._found(party, row)
            case PartyAdmit():
                self._partners[body.gln] = _partner(body, "", row)
                self._enrol(body.first_key, body.gln, "admin", row)
            case PartyLicence():
                self._license(body, row)
            case KeyEnrol():
                named = NamedKey(body.key, body.signer)
                self._enrol(named, body.party, body.role, row)
            case KeyRevoke():
                self._keys.get(body.keyid, {}).update(
                    revoked_by=row.id,
                    revoked_ms=row.accepted_ms,
                    suspect_since_ms=body.suspect_since_ms,
                )
            case _:
                pass

    def check(self) -> Iterator[Finding]:
        """Every row that differs from what was said."""
        partners = TradingPartner.objects.all()
        yield from compare_rows("partner", "gln", partners, self._partners)
        yield from compare_rows("site", "gln", Site.objects.all(), self._sites)
        licences = Licence.objects.all()
        yield from compare_rows("licence", "statement_id", licences, self._licences)
        yield from compare_rows("key", "keyid", SigningKey.objects.all(), self._keys)

    def _found(self, party: Authority, row: StoredStatement) -> None:
        role = _SHOWN.get(party.role, party.role)
        self._founders.add(party.gln)
        self._partners[party.gln] = _partner(party, role, row)
        for named in party.keys:
            self._enrol(named, party.gln, "admin", row)
            self._keys[named.key.keyid]["is_genesis"] = True

    def _enrol(
        self, named: NamedKey, gln: str, role: str, row: StoredStatement
    ) -> None:
        self._keys[named.key.keyid] = {
            "spki": named.key.spki.hex(),
            "algorithm": named.key.alg,
            "partner__gln": gln,
            "signer": named.signer,
            "role": role,
            "tag": key_tag(tag_key(), keyid=named.key.keyid).hex(),
            "enrolled_by": row.id,
            "enrolled_ms": row.accepted_ms,
            "revoked_by": "",
            "revoked_ms": None,
            "suspect_since_ms": None,
            "is_genesis": False,
        }

    def _license(self, body: PartyLicence, row: StoredStatement) -> None:
        current = self._current.setdefault(body.gln, {})
        current.pop(body.role, {}).update(is_current=False)
        current[body.role] = self._licences[row.id] = {
            "partner__gln": body.gln,
            "role": body.role,
            "gs1_prefixes": list(body.gs1_prefixes),
            "sites": [site.gln for site in body.sites],
            "scope": list(body.scope),
            "from_ms": body.from_ms,
            "to_ms": body.to_ms,
            "is_suspended": body.is_suspended,
            "accepted_ms": row.accepted_ms,
            "is_current": True,
        }
        self._place(body, current)
        self._show(body.gln, current)

    def _place(self, body: PartyLicence, current: dict[str, Row]) -> None:
        """A partner's sites are those of its current licences, as named last."""
        for site in body.sites:
            self._sites[site.gln] = {"partner__gln": body.gln, "name": site.name}
        kept = {gln for each in current.values() for gln in _list(each["sites"])}
        for gln, each in list(self._sites.items()):
            if each["partner__gln"] == body.gln and gln not in kept:
                del self._sites[gln]

    def _show(self, gln: str, current: dict[str, Row]) -> None:
        """The newest role that is not suspended; an office that is suspended is none."""
        partner = self._partners.get(gln)
        if partner is None or gln in self._founders:
            return
        roles = [role for role, each in current.items() if not each["is_suspended"]]
        kept = "" if partner["role"] in _OFFICES else partner["role"]
        partner["role"] = roles[-1] if roles else kept


def _partner(said: Authority | PartyAdmit, role: str, row: StoredStatement) -> Row:
    return {
        "name": said.name,
        "country": said.country,
        "tag": party_tag(tag_key(), gln=said.gln).hex(),
        "admitted_by": row.id,
        "role": role,
    }


def _list(value: object) -> list[str]:
    return value if isinstance(value, list) else []
