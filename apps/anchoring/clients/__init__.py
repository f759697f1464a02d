"""What lies outside the database: lock store, published files, the log's key."""
