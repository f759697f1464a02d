"""Who is asking: a person or a machine, for which organisation, with which role."""

from dataclasses import dataclass

from django.db import connection

from apps.edge.rows import Columns
from apps.partners.models import (
    ApiToken,
    LicenceRole,
    MemberRole,
    Membership,
    TradingPartner,
    User,
)

_SIGNING = frozenset({MemberRole.SIGNER.value, MemberRole.ADMIN.value})
_OFFICES = frozenset({LicenceRole.REGULATOR.value, LicenceRole.OPERATOR.value})
_TOKEN, _USER, _PARTNER = Columns(ApiToken), Columns(User), Columns(TradingPartner)
_MEMBERSHIP = Columns(Membership)
_LIST_MEMBERSHIPS = f"""
SELECT {_MEMBERSHIP.of("m")}, {_PARTNER.of("p")}
FROM partners_membership m JOIN partners_tradingpartner p ON p.id = m.partner_id
WHERE m.user_id = %s ORDER BY m.id
"""  # noqa: S608 - columns of ours
_FIND_TOKEN = f"""
SELECT {_TOKEN.of("t")}, {_USER.of("u")}, {_PARTNER.of("p")}, m.role
FROM partners_apitoken t
JOIN partners_user u ON u.id = t.user_id
JOIN partners_tradingpartner p ON p.id = t.partner_id
JOIN partners_membership m ON m.user_id = u.id AND m.partner_id = p.id
WHERE t.prefix = %s AND t.revoked_at IS NULL AND u.is_active
"""  # noqa: S608 - columns of ours


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf a request is answered; every query is filtered by it.

    `partner` is None for a stranger and for a person without an organisation;
    `role` is then "".
    """

    user: User | None
    partner: TradingPartner | None
    role: str

    @property
    def gln(self) -> str:
        """The organisation's GLN, "" without one."""
        return "" if self.partner is None else self.partner.gln

    @property
    def is_member(self) -> bool:
        """May read what its organisation may read."""
        return self.partner is not None

    @property
    def is_regulator(self) -> bool:
        """Sees everything, and every such read is logged."""
        return self._has_office(LicenceRole.REGULATOR)

    @property
    def is_operator(self) -> bool:
        """Runs the site; sees the register of partners, not their goods."""
        return self._has_office(LicenceRole.OPERATOR)

    @property
    def sees_register(self) -> bool:
        """May read the register of all partners and their licences."""
        return self.partner is not None and self.partner.role in _OFFICES

    @property
    def can_sign(self) -> bool:
        """May submit signed statements for its organisation."""
        return self.partner is not None and self.role in _SIGNING

    @property
    def can_administer(self) -> bool:
        """May change people, keys and tokens of its organisation."""
        return self.partner is not None and self.role == MemberRole.ADMIN

    def _has_office(self, office: LicenceRole) -> bool:
        return self.partner is not None and self.partner.role == office


STRANGER = Actor(user=None, partner=None, role="")


def get_actor(*, user: User, chosen_gln: str) -> Actor:
    """The actor a logged-in person is, for the organisation chosen in the session.

    Somebody without `chosen_gln` among their organisations acts for the first one.
    """
    memberships = list_memberships(user=user)
    for membership in memberships:
        if membership.partner.gln == chosen_gln:
            return Actor(user, membership.partner, membership.role)
    if memberships:
        return Actor(user, memberships[0].partner, memberships[0].role)
    return Actor(user, None, "")


def list_memberships(*, user: User) -> list[Membership]:
    """The organisations a person belongs to, the oldest membership first."""
    with connection.cursor() as cursor:
        cursor.execute(_LIST_MEMBERSHIPS, [user.pk])
        rows = cursor.fetchall()
    found = []
    for row in rows:
        membership = _MEMBERSHIP.read(row[: _MEMBERSHIP.count])
        membership.partner = _PARTNER.read(row[_MEMBERSHIP.count :])
        found.append(membership)
    return found


def token_actor(token: ApiToken) -> Actor:
    """The actor a machine is: its token's organisation with the token's role."""
    return Actor(token.user, token.partner, token.role)


def find_token(prefix: str) -> ApiToken | None:
    """The token that is not revoked under `prefix`; its secret is still unchecked.

    It lives no longer than its maker's right to make it: None once they left the
    organisation, or have a weaker role there than the token. One question: every
    request of a machine asks it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FIND_TOKEN, [prefix])
        row = cursor.fetchone()
    if row is None:
        return None
    *values, place = row
    token = _TOKEN.read(values[: _TOKEN.count])
    token.user = _USER.read(values[_TOKEN.count : -_PARTNER.count])
    token.partner = _PARTNER.read(values[-_PARTNER.count :])
    may_hold = MemberRole(place).strength >= MemberRole(token.role).strength
    return token if may_hold else None
