"""Reading wishes: plain JSON, forgiving where nothing is signed yet."""

import unicodedata
from typing import Any

from apps.core.bodies import KEY_ROLES
from apps.core.encoding import parse_time_ms
from apps.core.errors import MalformedInput
from apps.core.fields import Fields
from apps.partners.models import MemberRole
from apps.partners.queries.actors import Actor

_DAY_CHARACTERS = len("2028-02-29")
_STRENGTH = {"": -1, "member": 0, "signer": 1, "admin": 2}


def wish_fields(wish: dict[str, Any]) -> Fields:
    """The members of a wish but `kind`, their texts in Unicode form NFC.

    What is signed later must be NFC; what somebody types need not be.
    """
    fields = Fields(composed(wish), where="")
    fields.take("kind")
    return fields


def composed(wish: dict[str, Any]) -> dict[str, Any]:
    """A wish with its texts in Unicode form NFC."""
    return {name: _composed(value) for name, value in wish.items()}


def read_day(fields: Fields, name: str) -> int:
    """A day (its first moment in UTC) or a moment, in milliseconds since 1970."""
    text = fields.string(name)
    if len(text) == _DAY_CHARACTERS:
        text += "T00:00:00.000Z"
    return parse_time_ms(text, field=fields.path(name))


def read_role(fields: Fields, actor: Actor) -> str:
    """The role a new key shall have: the actor's own unless a weaker one is named.

    Raises:
        MalformedInput: `role_too_strong`, also for somebody who may not sign at all.
    """
    role = fields.word("role", KEY_ROLES) if fields.has("role") else actor.role
    require_role(role, actor)
    return role


def require_role(role: str, actor: Actor) -> None:
    """Check that the actor may ask for a key with this role.

    Raises:
        MalformedInput: `role_too_strong`.
    """
    if not 0 < _STRENGTH.get(role, -1) <= _STRENGTH.get(actor.role, -1):
        raise MalformedInput(
            "role_too_strong",
            field="role",
            got=role,
            wanted=f"{MemberRole.SIGNER} or {MemberRole.ADMIN}, and at most your own",
        )


def _composed(value: Any) -> Any:
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, list):
        return [_composed(item) for item in value]
    if isinstance(value, dict):
        return {name: _composed(item) for name, item in value.items()}
    return value
