"""How people come to an account: an organisation's admin makes it, nobody signs up."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from typing_extensions import override


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Refuses sign-up: who may speak is decided by the regulator and the operator."""

    @override
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
