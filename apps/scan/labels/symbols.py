"""Symbols as squares of modules: drawn the same way into SVG and PDF.

The pack's carrier is GS1 DataMatrix: FNC1 first (`]d2`), ECC 200, square. The QR code
holds a web address for people; GS1 does not allow it to identify a regulated pack.
Source: GS1 General Specifications 5.6 and 2.1.13.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

import qrcode
import zxingcpp
from PIL import Image
from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
from qrcode.util import QRData

from apps.core.proofcode import PREFIX
from apps.scan.labels.pack import Pack

Modules = tuple[tuple[bool, ...], ...]  # rows from the top, True is dark

_QR_QUIET: Final = 4  # modules, ISO/IEC 18004
# X-dimension of regulated healthcare items, GS1 General Specifications table 6: the
# target is 0.380 mm; we print a little larger, ordinary printers blur.
_MODULE_MM: Final = 0.5
_DARK_BELOW: Final = 128


def datamatrix(pack: Pack) -> Modules:
    """The GS1 DataMatrix of a pack with its quiet zone of one module."""
    barcode = zxingcpp.create_barcode(
        pack.bracketed, zxingcpp.BarcodeFormat.DataMatrix, gs1=True, forceSquare=True
    )
    image = barcode.to_image(scale=1, add_quiet_zones=True)
    height, width = image.shape
    pixels = Image.fromarray(image).tobytes()
    return tuple(
        tuple(pixel < _DARK_BELOW for pixel in pixels[row : row + width])
        for row in range(0, height * width, width)
    )


def qr(pack: Pack, *, stem: str) -> Modules:
    """The QR code with the pack's Digital Link under `stem`."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=_QR_QUIET)
    code.add_data(pack.link(stem=stem))
    code.make(fit=True)
    return tuple(tuple(map(bool, row)) for row in code.get_matrix())


def proof_qr(text: str) -> Modules:
    """The QR code of a proof code: its digits in the mode that is made for digits.

    Level L: what can be misread is caught by the code's own checksum, and more
    correction would only make the modules smaller.
    """
    head, mark, digits = text.rpartition(PREFIX)
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_L, border=_QR_QUIET)
    # Each part finds the mode that fits it: an address may stand ahead of the code.
    code.add_data(QRData(f"{head}{mark}".encode("ascii")))
    code.add_data(QRData(digits.encode("ascii")))
    code.make(fit=True)
    return tuple(tuple(map(bool, row)) for row in code.get_matrix())


def path_of(modules: Modules) -> str:
    """The dark modules as the data of one SVG path, a module one unit wide."""
    return "".join(f"M{x} {y}h{length}v1h-{length}z" for x, y, length in runs(modules))


def runs(modules: Modules) -> Iterator[tuple[int, int, int]]:
    """Dark stretches as (column, row, length), from the top."""
    for number, row in enumerate(modules):
        start = None
        for column, is_dark in enumerate((*row, False)):
            if is_dark and start is None:
                start = column
            elif not is_dark and start is not None:
                yield start, number, column - start
                start = None


def svg(modules: Modules, *, title: str) -> str:
    """An SVG picture of the symbol, sized in millimetres."""
    size = len(modules)
    side = f"{size * _MODULE_MM:g}mm"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}"'
        f' viewBox="0 0 {size} {size}" shape-rendering="crispEdges" role="img">'
        f"<title>{escape(title)}</title>"
        f'<path fill="#fff" d="M0 0h{size}v{size}h-{size}z"/>'
        f'<path fill="#000" d="{path_of(modules)}"/></svg>'
    )
