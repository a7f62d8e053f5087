#!/usr/bin/env python
"""Django's command line for ChapterFlow."""

import os
import sys


def main() -> None:
    """Run a management command; what keeps it from starting is said in a sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chapterflow_site.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"ChapterFlow cannot start. {error}")
    except OperationalError as error:
        from chapterflow_site.core.outages import outage_of

        away = outage_of(error)
        if away is None:
            raise
        sys.exit(f"{away.message} ({str(error).strip()})")


if __name__ == "__main__":
    main()
