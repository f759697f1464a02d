"""The yardstick: what the site does a second, each figure beside its floor."""
