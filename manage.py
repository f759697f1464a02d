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
    command = sys.argv[1:2]
    if command and not command[0].startswith("-"):
        # A module's name has no hyphen, but `fork-demo` reads better.
        command = [command[0].replace("-", "_")]
    execute_from_command_line([sys.argv[0], *command, *sys.argv[2:]])


if __name__ == "__main__":
    main()
