"""Tests of the log, its witnesses and its anchors.

The packages of a chain set the limit of recursion to 100,000 when they are first
imported. What then nests too deep, in JSON say, ends the process and all tests in it:
so they are imported here first, and the limit is set back.
"""

import sys
from importlib import import_module

_LIMIT = sys.getrecursionlimit()
for _name in ("eth", "py_ecc"):
    import_module(_name)
sys.setrecursionlimit(_LIMIT)
