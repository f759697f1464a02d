"""What the tests of the machine door wish for."""

from apps.core.gs1.keys import compute_check_digit
from tests.cast import AMOXIL


def product_wish(number=None):
    """A product of Novamed: the demo's first, or further ones by number."""
    gtin = AMOXIL.gtin
    if number is not None:
        payload = f"095215689{number:04d}"
        gtin = payload + str(compute_check_digit(payload))
    return {
        "kind": "product.register",
        "gtin": gtin,
        "name": AMOXIL.name,
        "strength": AMOXIL.strength,
        "form": AMOXIL.form,
        "pack_size": AMOXIL.pack_size,
    }


def register(client, number=None):
    """Register a product through the API."""
    return client.act(product_wish(number))
