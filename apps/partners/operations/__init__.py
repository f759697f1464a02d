"""The only writers of partners."""

from apps.partners.operations.accounts import (
    add_admin,
    create_token,
    note_read,
    record_read,
    remove_person,
    revoke_token,
    set_contact,
    set_member,
    touch_token,
)
from apps.partners.operations.authenticate import (
    authenticate,
    authenticate_all,
    verify_scope,
)
from apps.partners.operations.genesis import open_ledger
from apps.partners.operations.invitations import (
    accept_as,
    accept_as_new,
    invite,
    withdraw_invitation,
)
from apps.partners.operations.keys import enrol_key, revoke_key
from apps.partners.operations.locks import Lock, lock_keys, lock_partners
from apps.partners.operations.proposals import (
    add_signature,
    ask_offices,
    propose,
    withdraw_proposal,
)
from apps.partners.operations.reattest import reattest
from apps.partners.operations.register import admit_partner, license_partner
from apps.partners.operations.requests import Asked, close_expired, request_key
from apps.partners.operations.shifts import (
    begin_shift,
    end_shift,
    end_shift_of_session,
)
from apps.partners.operations.tags import require_tags

__all__ = [
    "Asked",
    "Lock",
    "accept_as",
    "accept_as_new",
    "add_admin",
    "add_signature",
    "admit_partner",
    "ask_offices",
    "authenticate",
    "authenticate_all",
    "begin_shift",
    "close_expired",
    "create_token",
    "end_shift",
    "end_shift_of_session",
    "enrol_key",
    "invite",
    "license_partner",
    "lock_keys",
    "lock_partners",
    "note_read",
    "open_ledger",
    "propose",
    "reattest",
    "record_read",
    "remove_person",
    "request_key",
    "require_tags",
    "revoke_key",
    "revoke_token",
    "set_contact",
    "set_member",
    "touch_token",
    "verify_scope",
    "withdraw_invitation",
    "withdraw_proposal",
]
