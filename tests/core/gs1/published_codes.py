"""The published names of refusals, and ours."""

from __future__ import annotations

# Their name of a linter's refusal, without its prefix, and ours; those of coupons
# are the same in lower case.
_CODES = """
CHECK_DIGIT=bad_check_digit NON_DIGIT_CHARACTER=not_digits
INCORRECT_CHECK_PAIR=bad_check_pair CSET82_CHARACTER=bad_character
CSET39_CHARACTER=bad_character CSET64_CHARACTER=bad_character
CSET64_PADDING=bad_padding ILLEGAL_HOUR=bad_hour ILLEGAL_MINUTE=bad_minute
ILLEGAL_SECOND=bad_second ILLEGAL_MONTH=bad_month ILLEGAL_DAY=bad_day
IMPORT_IDX_CHARACTER=bad_import_index NOT_ISO3166=bad_country
NOT_ISO3166_OR_999=bad_country NOT_ISO3166_ALPHA2=bad_country
BIOLOGICAL_SEX_CODE=bad_sex_code ILLEGAL_ZERO_VALUE=zero
ILLEGAL_ZERO_PREFIX=zero_prefix PERCENT_SEQUENCE=bad_percent_sequence
LENGTH_FOR_PIECE_OF_TOTAL=bad_length ZERO_PIECE_NUMBER=zero_piece
ZERO_TOTAL_PIECES=zero_total PIECE_NUMBER_EXCEEDS_TOTAL=piece_exceeds_total
IBAN_CHECKSUM=bad_checksum IBAN_COUNTRY_CODE=bad_country NOT_ISO4217=bad_currency
PACKAGE_TYPE=bad_package_type MEDIA_TYPE=bad_media_type
LATITUDE_INVALID_LENGTH=bad_length LONGITUDE_INVALID_LENGTH=bad_length
INVALID_LATITUDE=bad_latitude INVALID_LONGITUDE=bad_longitude
POSITION_IN_SEQUENCE_MALFORMED=bad_position POSITION_EXCEEDS_END=position_exceeds_end
REQUIRES_NON_DIGIT_CHARACTER=only_digits WINDING_DIRECTION=bad_winding
NOT_HYPHEN=not_hyphen NOT_ZERO=not_zero NOT_ZERO_OR_ONE=not_zero_or_one
"""


def code_for(name: str) -> str:
    """Our code for the published name of a refusal."""
    bare = name.removeprefix("GS1_LINTER_")
    if bare.startswith("COUPON_"):
        return bare.lower().replace("exipiration", "expiration")
    for length in ("TOO_SHORT", "TOO_LONG"):
        if length in bare:
            return length.lower()
    known = dict(pair.split("=") for pair in _CODES.split())
    for prefix in ("", "INVALID_", "INCORRECT_", "ILLEGAL_"):
        if bare.startswith(prefix) and bare.removeprefix(prefix) in known:
            return known[bare.removeprefix(prefix)]
    raise AssertionError(f"no code for {name}")
