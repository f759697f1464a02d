from tests.cast import keyring, ledger, stage
from tests.recalls.bundling import own_folders

__all__ = ["keyring", "ledger", "own_folders", "stage"]
