"""Numbers for new containers: the next free SSCCs under a partner's own prefix.

Source: GS1 General Specifications 3.2: extension digit, GS1 prefix, serial reference,
check digit; 18 digits.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Max

from apps.core.errors import MalformedInput
from apps.core.gs1 import Sscc, compute_check_digit
from apps.custody.models import Container
from apps.partners import queries as partners

_STEM: Final = "https://id.gs1.org/00/"
_DIGITS: Final = 17  # before the check digit


def prefixes_of(gln: str) -> list[str]:
    """The GS1 prefixes of a partner's licences; empty if it may number nothing."""
    licences = partners.law_party(gln).licences
    return sorted({prefix for each in licences for prefix in each.gs1_prefixes})


def free_ssccs(*, gln: str, count: int) -> list[str]:
    """The next `count` SSCCs that follow the highest one in use under the prefix.

    They are proposals: whoever signs first has them. Empty without a prefix.

    Raises:
        MalformedInput: `numbers_exhausted`: all ten extension digits are used up.
    """
    prefixes = prefixes_of(gln)
    if not prefixes:
        return []
    prefix = prefixes[0]
    size = _DIGITS - 1 - len(prefix)
    for extension in range(10):
        stem = f"{extension}{prefix}"
        used = Container.objects.filter(epc__startswith=f"{_STEM}{stem}")
        highest = used.aggregate(highest=Max("epc"))["highest"]
        start = int(highest[-size - 1 : -1]) + 1 if highest else 1
        if start + count <= 10**size:
            return [_sscc(stem, start + k, size) for k in range(count)]
    raise MalformedInput(
        "numbers_exhausted", field="container", wanted="another GS1 prefix"
    )


def ssccs_from(first: str, *, count: int) -> list[str]:
    """`count` SSCCs from a number on, upwards: labels that are printed already.

    Raises:
        MalformedInput: `first` is no SSCC, or the range runs past the last number.
    """
    body = Sscc.parse(first).text[:_DIGITS]
    last = int(body[1:]) + count - 1
    if last >= 10 ** (_DIGITS - 1):
        raise MalformedInput(
            "numbers_exhausted", field="first", got=first, wanted="a lower number"
        )
    return [_sscc(body[0], int(body[1:]) + k, _DIGITS - 1) for k in range(count)]


def _sscc(stem: str, number: int, size: int) -> str:
    body = f"{stem}{number:0{size}d}"
    return f"{body}{compute_check_digit(body)}"
