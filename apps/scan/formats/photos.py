"""Codes in photographs, for browsers without a camera of their own."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Final

import zxingcpp
from PIL import Image, ImageOps

from apps.core.errors import MalformedInput

_MOST_PIXELS: Final = 50_000_000
_KINDS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_FORMATS: Final = "DataMatrix,QRCode,Code128"
_BROKEN: Final = (
    OSError,
    ValueError,
    SyntaxError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
_GS1: Final = frozenset({"]d2", "]Q3", "]C1", "]e0"})


def read_photo(data: bytes) -> str:
    """The text of the first DataMatrix, QR code or GS1-128 in a picture.

    GS1 symbols keep their AIM prefix: it proves FNC1.

    Raises:
        MalformedInput: `bad_photo`, `photo_too_large`, `no_code_found`.
    """
    picture = _open(data)
    for found in zxingcpp.read_barcodes(
        picture,
        formats=zxingcpp.barcode_formats_from_str(_FORMATS),
        text_mode=zxingcpp.TextMode.Plain,
    ):
        identifier = found.symbology_identifier
        return identifier + found.text if identifier in _GS1 else str(found.text)
    raise MalformedInput(
        "no_code_found",
        field="photo",
        got="a picture without one",
        wanted="a sharp picture of the code, straight from above, in even light",
    )


def _open(data: bytes) -> Image.Image:
    try:
        picture = Image.open(BytesIO(data), formats=_KINDS)
        _verify_size(*picture.size)
        picture.draft("L", None)
        return ImageOps.exif_transpose(picture.convert("L"))
    # Decoders of pictures raise all sorts on broken files; each means the same here.
    except _BROKEN as error:
        raise MalformedInput(
            "bad_photo",
            field="photo",
            got="no picture of these kinds",
            wanted="a JPEG or PNG picture",
        ) from error


def _verify_size(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise MalformedInput(
            "photo_too_large",
            field="photo",
            got=f"{width} by {height} pixels",
            wanted=f"at most {_MOST_PIXELS // 1_000_000} megapixels",
        )
