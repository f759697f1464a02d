"""North American coupon codes, AI 8110 and 8112: fields behind length digits.

Source: GS1 US, North American Coupon Application Guideline.
"""

from __future__ import annotations

from ..errors import MalformedInput
from .charsets import is_digits
from .dates import days_of_month

_PURCHASE_CODES = "012349"


class _Fields:
    """Reads a run of digits field by field and names what is missing or wrong."""

    def __init__(self, value: str, field: str) -> None:
        self._value = value
        self._field = field
        self._at = 0
        if value and not is_digits(value):
            raise self.refusal("not_digits")

    def refusal(self, code: str) -> MalformedInput:
        return MalformedInput(
            code, field=self._field, got=self._value, wanted="a coupon code"
        )

    def digit(self, allowed: str, *, missing: str, invalid: str) -> int:
        found = self._value[self._at : self._at + 1]
        if not found:
            raise self.refusal(f"coupon_missing_{missing}")
        if found not in allowed:
            raise self.refusal(f"coupon_invalid_{invalid}")
        self._at += 1
        return int(found)

    def run(self, length: int, *, short: str) -> str:
        found = self._value[self._at : self._at + length]
        if len(found) < length:
            raise self.refusal(f"coupon_{short}")
        self._at += length
        return found

    def sized(self, name: str, allowed: str, *, extra: int = 0) -> None:
        """A length digit and as many digits as it says, plus `extra`."""
        length = self.digit(allowed, missing=f"{name}_vli", invalid=f"{name}_length")
        self.run(length + extra, short=f"truncated_{name}")

    def option(self, mark: str) -> bool:
        """Whether the optional field `mark` comes next; steps over its mark."""
        if self._value[self._at : self._at + 1] != mark:
            return False
        self._at += 1
        return True

    def end(self) -> None:
        if self._at != len(self._value):
            raise self.refusal("coupon_excess_data")


def verify_coupon_code(value: str, field: str) -> None:
    """Check a coupon code of AI 8110.

    Raises:
        MalformedInput: `not_digits`, or `coupon_…` naming the field at fault.
    """
    fields = _Fields(value, field)
    fields.sized("gcp", "0123456", extra=6)
    fields.run(6, short="truncated_offer_code")
    fields.sized("save_value", "12345")
    _read_purchase(fields, "1st")
    if fields.option("1"):
        name = "additional_purchase_rules_code"
        fields.digit("0123", missing=name, invalid=name)
        _read_purchase(fields, "2nd")
        _read_purchase_company(fields, "2nd")
    if fields.option("2"):
        _read_purchase(fields, "3rd")
        _read_purchase_company(fields, "3rd")
    _read_dates(fields)
    if fields.option("5"):
        fields.sized("serial_number", "0123456789", extra=6)
    if fields.option("6"):
        fields.sized("retailer_gcp_or_gln", "1234567", extra=6)
    if fields.option("9"):
        _read_handling(fields)
    fields.end()


def verify_coupon_offer(value: str, field: str) -> None:
    """Check a positive offer file coupon of AI 8112.

    Raises:
        MalformedInput: `not_digits`, or `coupon_…` naming the field at fault.
    """
    fields = _Fields(value, field)
    fields.digit("01", missing="format_code", invalid="format_code")
    fields.sized("funder", "0123456", extra=6)
    fields.run(6, short="truncated_offer_code")
    fields.sized("serial_number", "0123456789", extra=6)
    fields.end()


def _read_purchase(fields: _Fields, which: str) -> None:
    fields.sized(f"{which}_purchase_requirement", "12345")
    name = f"{which}_purchase_requirement_code"
    fields.digit(_PURCHASE_CODES, missing=name, invalid=name)
    fields.run(3, short=f"truncated_{which}_purchase_family_code")


def _read_purchase_company(fields: _Fields, which: str) -> None:
    name = f"{which}_purchase_gcp"
    size = fields.digit("01234569", missing=f"{name}_vli", invalid=f"{name}_length")
    # 9: the company is the one of the first purchase, nothing follows.
    fields.run(0 if size == 9 else size + 6, short=f"truncated_{name}")


def _read_dates(fields: _Fields) -> None:
    expiry = _read_date(fields, "3", "expiration_date")
    start = _read_date(fields, "4", "start_date")
    if expiry and start > expiry:
        raise fields.refusal("coupon_expiration_before_start")


def _read_date(fields: _Fields, mark: str, name: str) -> str:
    if not fields.option(mark):
        return ""
    text = fields.run(6, short=f"too_short_for_{name}")
    month, day = int(text[2:4]), int(text[4:])
    if not 1 <= month <= 12 or not 1 <= day <= days_of_month(int(text[:2]), month):
        raise fields.refusal(f"coupon_invalid_{name}")
    return text


def _read_handling(fields: _Fields) -> None:
    fields.digit("01256", missing="save_value_code", invalid="save_value_code")
    item = "save_value_applies_to_item"
    fields.digit("012", missing=item, invalid=item)
    store = "store_coupon_flag"
    fields.digit("0123456789", missing=store, invalid=store)
    fields.digit("01", missing="dont_multiply_flag", invalid="dont_multiply_flag")
