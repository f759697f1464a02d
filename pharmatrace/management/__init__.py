"""Commands that may look at everything."""
