"""Uploads and starts books where no web server does: reads "chapters writer" a line, prints the session's id.

A process of its own that is there already: starting one for each book takes longer than a test's chapter.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chapterflow_site.settings")
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db import connection  # noqa: E402

from books.actions import upload_storyline  # noqa: E402
from tests.storylines import storyline  # noqa: E402
from workflow.actions import start_session  # noqa: E402


def main() -> None:
    """Serve until there is nothing more to read."""
    for line in sys.stdin:
        chapters, writer = line.split()
        owner, _ = User.objects.get_or_create(username="ottilie")
        version = upload_storyline(storyline(int(chapters)), actor=owner, source_name="river.json")
        session, _ = start_session(version, actor=owner, writer=writer)
        connection.close()
        print(session.pk, flush=True)


if __name__ == "__main__":
    main()
