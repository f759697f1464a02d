"""A connection that answered a moment ago is not asked again whether it would."""

from __future__ import annotations

import select
import time
from typing import Final

from django.db.backends.postgresql import base
from typing_extensions import override

_BELIEVED_SECONDS: Final = 1.0


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, which asks `SELECT 1` at the begin of each request (CONN_HEALTH_CHECKS).

    A server that ends a connection closes its socket, which is seen without asking. Only
    what broke without a word between the two is not: that happens to idle connections.
    """

    _believed_until = 0.0

    @override
    def is_usable(self) -> bool:
        """Whether the server answers, or did a moment ago and has said nothing since."""
        now = time.monotonic()
        if now < self._believed_until and self._is_silent():
            return True
        answers = super().is_usable()
        self._believed_until = now + _BELIEVED_SECONDS if answers else 0.0
        return answers

    def _is_silent(self) -> bool:
        """Nothing failed on the connection, and nothing waits to be read of it."""
        if self.errors_occurred or self.connection is None or self.connection.closed:
            return False
        news = select.poll()
        news.register(self.connection.fileno(), select.POLLIN)
        return not news.poll(0)
