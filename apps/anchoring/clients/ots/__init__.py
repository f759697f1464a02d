"""Anchors in Bitcoin by OpenTimestamps: calendars gather digests, a block holds them."""
