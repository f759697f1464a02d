"""Pages of recalls: inbox, console, forms to sign, and the query of the regulator."""
