"""Which Chromium the browser tests use: $CHROME, else one on the PATH."""

import os
import shutil

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ("--no-sandbox",)  # the tests may run as root; pages are our own


def find_chromium() -> str | None:
    """Path of a Chromium, or None."""
    return os.environ.get("CHROME") or next(
        filter(None, map(shutil.which, _NAMES)), None
    )
