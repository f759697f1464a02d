"""What people type about their own organisation."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.partners.models import MemberRole


class TokenForm(forms.Form):
    """A token for a machine."""

    name = forms.CharField(
        label=_("What will use it"),
        max_length=80,
        help_text=_("For example: ERP, dock 4"),
    )
    role = forms.ChoiceField(
        label=_("It may"),
        choices=[
            (MemberRole.MEMBER.value, _("read and scan")),
            (MemberRole.SIGNER.value, _("read, scan and submit signed statements")),
        ],
    )


class PersonForm(forms.Form):
    """A person who joins the organisation."""

    first_name = forms.CharField(label=_("First name"), max_length=150)
    last_name = forms.CharField(label=_("Last name"), max_length=150)
    email = forms.EmailField(
        label=_("Email"), max_length=150, help_text=_("It is also the login name.")
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            (MemberRole.MEMBER.value, _("member: reads and scans")),
            (MemberRole.SIGNER.value, _("signer: also signs")),
            (MemberRole.ADMIN.value, _("admin: also people, keys and tokens")),
        ],
    )
