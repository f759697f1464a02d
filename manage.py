#!/usr/bin/env python
"""The command line of the site: `python manage.py help`."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pharmatrace.settings")
    try:
        from django.core.management import (  # noqa: PLC0415  # the hint below needs it
            execute_from_command_line,
        )
    except ImportError as error:
        raise SystemExit(
            f"{error}. First use: make run (or: python3 -m venv .venv &&"
            " .venv/bin/pip install -r requirements.txt)"
        ) from error
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
