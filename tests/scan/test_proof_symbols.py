"""The QR code of a proof code: another library reads the same text back."""

import pytest

from apps.core.digits import encode_digits
from apps.core.proofcode import MAX_CODE_BYTES, PREFIX
from apps.scan.labels.symbols import proof_qr, svg
from tests.scan.decoding import decode, decode_svg, picture

ADDRESS = "https://trace.example/check#"


def text_of(size):
    # Bytes of all values, so that no group of digits is short.
    return PREFIX + encode_digits(bytes(n * 167 % 256 for n in range(size)))


# ISO/IEC 18004, table 7: side = 17 + 4 versions, and a quiet zone of 4 modules.
@pytest.mark.parametrize(
    ("size", "version"), [(600, 17), (836, 20), (1_200, 25), (2_000, 33), (2_900, 40)]
)
def test_a_code_of_any_size_is_read_back(size, version):
    """In digits' own mode: as bytes they would take more than twice the room."""
    text = text_of(size)
    modules = proof_qr(text)

    assert len(modules) == 17 + 4 * version + 8
    assert list(decode(picture(modules, scale=4)).values()) == [text]


def test_an_address_ahead_is_read_back_too():
    text = ADDRESS + text_of(1_000)

    assert list(decode(picture(proof_qr(text), scale=4)).values()) == [text]
    assert len(proof_qr(text)) - len(proof_qr(text_of(1_000))) <= 4


def test_the_picture_is_the_symbol():
    text = text_of(700)

    assert list(decode_svg(svg(proof_qr(text), title="pack")).values()) == [text]


def test_the_largest_code_is_the_largest_that_a_qr_code_holds():
    assert MAX_CODE_BYTES == 2_900
    with pytest.raises(ValueError, match="version"):
        proof_qr(text_of(2_940))
