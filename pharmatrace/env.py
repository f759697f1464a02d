"""Typed readers of the environment; no other module of the site reads it."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_ENV = environ.Env()
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def text(name: str, default: str = "") -> str:
    """The variable as text, stripped."""
    return cast("str", _ENV.str(name, default)).strip()


def texts(name: str, default: list[str]) -> list[str]:
    """The variable as a list, separated by commas; empty parts are dropped."""
    if name not in os.environ:
        return default
    return [part.strip() for part in os.environ[name].split(",") if part.strip()]


def pairs(name: str) -> dict[str, str]:
    """The variable as names with values: `one=…,two=…`; without it none.

    Raises:
        ImproperlyConfigured: a part has no `=`.
    """
    parts = [part.partition("=") for part in texts(name, [])]
    if not all(mark for _, mark, _ in parts):
        raise ImproperlyConfigured(f"{name}: wanted name=value, separated by commas")
    return {key.strip(): value.strip() for key, _, value in parts}


def flag(name: str, *, default: bool) -> bool:
    """The variable as a truth value: 1, true, yes, on; anything else is false."""
    return cast("bool", _ENV.bool(name, default))


def number(name: str, default: int) -> int:
    """The variable as a whole number.

    Raises:
        ImproperlyConfigured: it is not one.
    """
    try:
        return cast("int", _ENV.int(name, default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}: wanted a whole number") from error


def path(name: str, default: Path) -> Path:
    """The variable as an absolute path."""
    return Path(text(name) or default).expanduser().resolve()


def required(name: str, *, embedded: bool, default: str) -> str:
    """The variable; only the embedded mode may fall back to `default`.

    Raises:
        ImproperlyConfigured: it is absent or empty in production.
    """
    value = text(name)
    if value:
        return value
    if embedded:
        return default
    raise ImproperlyConfigured(f"{name} must be set (see docs/operations.md)")


def secret(name: str, *, kept_in: Path, embedded: bool) -> str:
    """The secret from the environment; in embedded mode one is made once and kept.

    Raises:
        ImproperlyConfigured: it is absent in production.
    """
    value = text(name)
    if value:
        return value
    if not embedded:
        raise ImproperlyConfigured(f"{name} must be set (see docs/operations.md)")
    return _kept_secret(kept_in)


def _kept_secret(kept_in: Path) -> str:
    """The secret in `kept_in`, made first if absent; two starts agree on one."""
    kept_in.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not kept_in.exists():
        # mkstemp gives 0600; link() never overwrites, so the first writer wins.
        handle, temporary = tempfile.mkstemp(dir=kept_in.parent)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(64))
        try:
            os.link(temporary, kept_in)
        except FileExistsError:
            pass
        finally:
            Path(temporary).unlink()
    return kept_in.read_text(encoding="ascii")


def make_private(directory: Path) -> None:
    """Make the folder, for its owner alone, also where it was there with another mode.

    Parents that `mkdir` makes on the way have the mode of the umask, whatever it is
    told: a folder in it that came first may have made it readable by all.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_uid == os.geteuid():
        directory.chmod(0o700)


def database(name: str, default: str) -> dict[str, Any]:
    """The database address as Django's dictionary, without our own options."""
    return cast("dict[str, Any]", _ENV.db_url_config(text(name) or default))


def email(name: str, default: str) -> dict[str, Any]:
    """The mail server's address as Django's EMAIL_ settings."""
    return cast("dict[str, Any]", _ENV.email_url_config(text(name) or default))


def is_loopback(url: str) -> bool:
    """True if `url` is plain http on this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK


def host_of(url: str) -> str:
    """The host name of `url`.

    Raises:
        ImproperlyConfigured: `url` has none.
    """
    host = urlsplit(url).hostname
    if not host:
        raise ImproperlyConfigured("SITE_URL: wanted an address such as https://a.b")
    return host
