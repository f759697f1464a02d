"""What people type about goods, checked beside the field."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.errors import MalformedInput
from apps.core.gs1 import Sscc
from apps.custody.queries.packing import MOST_CASES


class PackForm(forms.Form):
    """How the loose packs of a lot go into cases and onto pallets."""

    size = forms.IntegerField(
        label=_("Packs in a case"), min_value=1, max_value=1_000, initial=24
    )
    cases = forms.IntegerField(
        label=_("Cases"),
        min_value=1,
        max_value=MOST_CASES,
        required=False,
        help_text=_("Empty: as many full cases as there are packs for."),
    )
    per_pallet = forms.IntegerField(
        label=_("Cases on a pallet"),
        min_value=0,
        max_value=MOST_CASES,
        initial=0,
        required=False,
        help_text=_("0: no pallet."),
    )
    first = forms.CharField(
        label=_("First SSCC"),
        max_length=18,
        required=False,
        help_text=_("If the labels are printed already. Empty: the next free numbers."),
        widget=forms.TextInput(attrs={"class": "code-field", "inputmode": "numeric"}),
    )

    def clean_first(self) -> str:
        """An SSCC, or nothing."""
        return _clean_sscc(self.cleaned_data)


class IntoForm(forms.Form):
    """Which container the scanned codes go into."""

    first = forms.CharField(
        label=_("Container (SSCC)"),
        max_length=18,
        help_text=_(
            "The next free number of yours; type another one if it is printed."
        ),
        widget=forms.TextInput(attrs={"class": "code-field", "inputmode": "numeric"}),
    )

    def clean_first(self) -> str:
        """An SSCC."""
        return _clean_sscc(self.cleaned_data)


def _clean_sscc(cleaned: dict[str, Any]) -> str:
    text = str(cleaned.get("first", "")).replace(" ", "")
    try:
        return Sscc.parse(text).text if text else ""
    except MalformedInput as error:
        raise forms.ValidationError(error.sentence(), code=error.code) from error
