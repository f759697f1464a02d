"""The door's guard: who a request comes from, and whether that is enough for a page.

Machines send `Authorization: Bearer pt_<prefix>_<secret>`; people have a session.
"""

import functools
import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from typing_extensions import override

from apps.partners import operations, queries
from apps.partners.models import ApiToken, User
from apps.partners.queries import Actor, ShiftRow

SESSION_KEY = "partner_gln"
SHIFT_KEY = "shift_id"
_TOKEN = re.compile(r"pt_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_NO_DIGEST = "0" * 64

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]


class TokenAuthentication(BaseAuthentication):
    """Reads the bearer token of a machine."""

    @override
    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's maker and the token; None if no bearer token was sent.

        Raises:
            AuthenticationFailed: the token is unknown, revoked, or not one of ours;
                the three answer alike.
        """
        scheme, _blank, text = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        found = _TOKEN.fullmatch(text.strip())
        token = queries.find_token(found[1]) if found else None
        digest = hashlib.sha256(found[2].encode() if found else b"").hexdigest()
        # The digests are compared even when no token was found: same work, same time.
        is_same = hmac.compare_digest(digest, token.digest if token else _NO_DIGEST)
        if token is None or not is_same:
            raise AuthenticationFailed(_("The token is not known here."))
        operations.touch_token(token=token, at=timezone.now())
        return token.user, token

    @override
    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="pharmatrace"'


def actor_of(request: HttpRequest | Request) -> Actor:
    """The actor behind a request; found once, then kept on the request."""
    kept: Actor | None = getattr(request, "trace_actor", None)
    if kept is None:
        kept = _find_actor(request)
        request.trace_actor = kept  # type: ignore[union-attr]  # a slot of our own
    return kept


def running_shift(request: HttpRequest, *, at: datetime) -> ShiftRow | None:
    """The shift that this session began, while it runs."""
    session = getattr(request, "session", None)  # the log's own pages have none
    shift_id = session.get(SHIFT_KEY) if session is not None else None
    if not isinstance(shift_id, int):
        return None
    return queries.find_running_shift(shift_id=shift_id, actor=actor_of(request), at=at)


def _find_actor(request: HttpRequest | Request) -> Actor:
    token = getattr(request, "auth", None)
    if isinstance(token, ApiToken):
        return queries.token_actor(token)
    user = request.user
    if not isinstance(user, User):
        return queries.STRANGER
    chosen = str(request.session.get(SESSION_KEY, ""))
    return queries.get_actor(user=user, chosen_gln=chosen)


def _guard(
    is_enough: Callable[[Actor], bool], who: str | Promise
) -> Callable[[_View[_P]], _View[_P]]:
    """Let in whom `is_enough` holds for; everybody else reads `who` may come."""

    def decorate(view: _View[_P]) -> _View[_P]:
        @functools.wraps(view)
        def guarded(
            request: HttpRequest, *args: _P.args, **kwargs: _P.kwargs
        ) -> HttpResponseBase:
            if not is_enough(actor_of(request)):
                raise PermissionDenied(str(who))
            return view(request, *args, **kwargs)

        return cast("_View[_P]", login_required(guarded))

    return decorate


def member_required(view: _View[_P]) -> _View[_P]:
    """Only people of an organisation; strangers go to log in, others get 403."""
    who = gettext_lazy(
        "This is for people of an organisation. An administrator of yours takes you in,"
        " under Organisation."
    )
    return _guard(lambda actor: actor.is_member, who)(view)


def signer_required(view: _View[_P]) -> _View[_P]:
    """Only people who may sign for their organisation."""
    who = gettext_lazy(
        "This is for people who may sign for their organisation. An administrator of"
        " yours gives that right, under Organisation."
    )
    return _guard(lambda actor: actor.can_sign, who)(view)


def admin_required(view: _View[_P]) -> _View[_P]:
    """Only administrators of their organisation."""
    who = gettext_lazy(
        "This is for administrators of an organisation; yours are listed under"
        " Organisation."
    )
    return _guard(lambda actor: actor.can_administer, who)(view)


def regulator_required(view: _View[_P]) -> _View[_P]:
    """Only people of the regulator."""
    who = gettext_lazy("This is for the regulator alone.")
    return _guard(lambda actor: actor.is_regulator, who)(view)


def register_required(view: _View[_P]) -> _View[_P]:
    """Only the regulator and the operator: the register of partners."""
    who = gettext_lazy("This is for the regulator and the operator of the site.")
    return _guard(lambda actor: actor.sees_register, who)(view)


class IsMember(BasePermission):
    """The request speaks for an organisation."""

    @override
    def has_permission(self, request: Request, view: Any) -> bool:
        return actor_of(request).is_member


class CanSign(BasePermission):
    """The request may submit signed statements for its organisation."""

    @override
    def has_permission(self, request: Request, view: Any) -> bool:
        return actor_of(request).can_sign


class IsRegulator(BasePermission):
    """The request comes from the regulator."""

    @override
    def has_permission(self, request: Request, view: Any) -> bool:
        return actor_of(request).is_regulator
