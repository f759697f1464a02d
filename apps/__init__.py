"""The apps of the site: the ground, the plumbing, and each stage of a pack's way."""
