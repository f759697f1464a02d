"""What statements about parties and keys say, as sentences in the reader's language."""

from django.utils.translation import gettext as _

from apps.core.bodies import KeyEnrol, KeyRevoke, PartyAdmit, PartyLicence
from apps.core.statement import Statement
from apps.partners.models import LicenceRole, MemberRole
from apps.partners.queries.keys import find_key
from apps.partners.queries.people import names_of
from apps.partners.queries.register import get_partner


def admit_words(body: PartyAdmit, *, who: str) -> str:
    """A party.admit as a sentence."""
    said = _("%(who)s admits %(name)s (GLN %(gln)s, %(country)s) with the key %(key)s.")
    return said % {
        "who": who,
        "name": body.name,
        "gln": body.gln,
        "country": body.country,
        "key": body.first_key.key.keyid[:16],
    }


def licence_words(body: PartyLicence, *, who: str, name: str) -> str:
    """A party.licence as a sentence."""
    said = _("%(who)s suspends the licence of %(name)s as %(role)s.")
    if not body.is_suspended:
        said = _("%(who)s licenses %(name)s as %(role)s, sites: %(sites)d.")
    return said % {
        "who": who,
        "name": name,
        "role": LicenceRole(body.role).label,
        "sites": len(body.sites),
    }


def enrol_words(body: KeyEnrol, *, who: str) -> str:
    """A key.enrol as a sentence."""
    person = names_of({body.signer}).get(body.signer, body.signer)
    said = _("The key %(key)s speaks for %(person)s of %(who)s, as %(role)s.")
    return said % {
        "key": body.key.keyid[:16],
        "person": person,
        "who": who,
        "role": MemberRole(body.role).label,
    }


def revoke_words(body: KeyRevoke) -> str:
    """A key.revoke as a sentence."""
    key = find_key(body.keyid)
    signer = key.signer if key else ""
    said = _("The key %(key)s of %(person)s signs nothing more: %(reason)s.")
    return said % {
        "key": body.keyid[:16],
        "person": names_of({signer}).get(signer, signer),
        "reason": body.reason.rstrip("."),
    }


def words_of(statement: Statement, body: PartyAdmit | PartyLicence | KeyRevoke) -> str:
    """What a statement says that two offices sign, as a sentence."""
    who = get_partner(statement.by).name
    if isinstance(body, PartyAdmit):
        return admit_words(body, who=who)
    if isinstance(body, KeyRevoke):
        return revoke_words(body)
    return licence_words(body, who=who, name=get_partner(body.gln).name)
