"""The outsider's commands: the only part of the ground that meets files and networks.

Nothing else in the ground imports it.
"""
