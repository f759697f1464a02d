"""The cast, for the tests of custody."""

from tests.cast import keyring, ledger, stage
from tests.custody.cuts import settled, take_out

__all__ = ["keyring", "ledger", "settled", "stage", "take_out"]
