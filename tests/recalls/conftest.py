from tests.cast import keyring, ledger, stage

__all__ = ["keyring", "ledger", "stage"]
