from tests.cast import keyring, ledger, stage
from tests.custody.cuts import settled, take_out
from tests.recalls.bundling import own_folders

__all__ = ["keyring", "ledger", "own_folders", "settled", "stage", "take_out"]
