"""How much a door takes in at once."""

from django.conf import settings


def limit_bytes(path: str) -> int:
    """The largest body for `path`: that of the prefix that fits, else the general."""
    limits: dict[str, int] = settings.BODY_LIMIT_BYTES_BY_PREFIX
    fitting = [limit for prefix, limit in limits.items() if path.startswith(prefix)]
    return max(fitting, default=settings.BODY_LIMIT_BYTES)
