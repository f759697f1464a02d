"""What may be read about partners, people, keys and tokens."""

from apps.partners.queries.actors import (
    STRANGER,
    Actor,
    find_token,
    get_actor,
    list_memberships,
    token_actor,
)
from apps.partners.queries.drafts import (
    draft_admit,
    draft_enrol,
    draft_licence,
    draft_revoke,
)
from apps.partners.queries.genesis import find_genesis, get_genesis, is_authority
from apps.partners.queries.keys import (
    find_key,
    has_usable_key,
    keys_visible_to,
    list_keys,
    list_partner_keys,
    requests_visible_to,
)
from apps.partners.queries.law import law_parties, law_party
from apps.partners.queries.people import (
    display_name,
    list_people,
    list_tokens,
    names_of,
)
from apps.partners.queries.register import (
    find_partner,
    find_site,
    get_partner,
    licences_at,
    list_addressees,
    list_licences,
    list_sites,
    visible_to,
)
from apps.partners.queries.wishes import composed

__all__ = [
    "STRANGER",
    "Actor",
    "composed",
    "display_name",
    "draft_admit",
    "draft_enrol",
    "draft_licence",
    "draft_revoke",
    "find_genesis",
    "find_key",
    "find_partner",
    "find_site",
    "find_token",
    "get_actor",
    "get_genesis",
    "get_partner",
    "has_usable_key",
    "is_authority",
    "keys_visible_to",
    "law_parties",
    "law_party",
    "licences_at",
    "list_addressees",
    "list_keys",
    "list_licences",
    "list_memberships",
    "list_partner_keys",
    "list_people",
    "list_sites",
    "list_tokens",
    "names_of",
    "requests_visible_to",
    "token_actor",
    "visible_to",
]
