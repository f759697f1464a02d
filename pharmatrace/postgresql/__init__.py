"""Django's backend for PostgreSQL, but for how often it asks whether it is there."""
