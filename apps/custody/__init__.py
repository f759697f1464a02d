"""Who holds what: the law judges, the ledger keeps, the projections follow."""
