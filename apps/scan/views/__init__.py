"""Pages of scanning: verdict, actions, search, labels, and the public resolver."""
