"""The project's yardstick: every ratio beside the floor of the same run.

A measure is a function in one of the modules here, named in `registry`. It is given
the ground (a network that it may change as it likes) and returns readings.
"""
