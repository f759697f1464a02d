"""Who may speak: people, trading partners, sites, licences, keys and tokens."""
