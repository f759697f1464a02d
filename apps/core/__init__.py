"""The ground: formats, proofs and the law of custody, as pure functions without Django.

Installed alone it is the outsider's package `pharmatrace-core`. It imports the
standard library, `cryptography` and itself; it reads no clock, no environment and
no network, except in `outside`.
"""
