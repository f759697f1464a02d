"""Labels as a scanner sees them: drawn, rendered, decoded by another library."""

import pypdfium2
import zxingcpp
from PIL import Image

from apps.scan.labels.sheet import COLUMNS, HEIGHT_MM, WIDTH_MM

DPI = 300


def picture(modules, scale=5):
    """Rows of dark and light modules as an image."""
    image = Image.new("L", (len(modules), len(modules)), 255)
    image.putdata([0 if dark else 255 for row in modules for dark in row])
    return image.resize((len(modules) * scale,) * 2, Image.Resampling.NEAREST)


def decode(image):
    """What stands in the picture: text by symbology identifier (]d2, ]Q1)."""
    return {
        found.symbology_identifier: found.text
        for found in zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain)
    }


def decode_svg(text):
    """What one of our SVG symbols says: its dark path, runs of `Mx yhNv1h-Nz`."""
    size = int(text.split('viewBox="0 0 ')[1].split()[0])
    rows = [[False] * size for _ in range(size)]
    path = text.rpartition('d="')[2].partition('"')[0]
    for run in path.removeprefix("M").split("M"):
        start, _, rest = run.partition("h")
        x, y = map(int, start.split())
        for column in range(x, x + int(rest.partition("v")[0])):
            rows[y][column] = True
    return decode(picture(rows))


def pages(pdf):
    """The sheets of a PDF as a printer would print them."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.render(scale=DPI / 72).to_pil() for page in document]
    finally:
        document.close()


def cut(page, place):
    """The label at `place`, counted from 0, cut out of its sheet."""
    row, column = divmod(place, COLUMNS)
    across, down = WIDTH_MM / 25.4 * DPI, HEIGHT_MM / 25.4 * DPI
    top = (297 - 8 * HEIGHT_MM) / 2 / 25.4 * DPI
    box = (column * across, top + row * down)
    return page.crop((*map(int, box), int(box[0] + across), int(box[1] + down)))
