"""`manage.py cluster`: one cluster of workers, as `up` and `work` start them."""

import gc

from django.conf import settings
from django.core.management.base import BaseCommand

from workflow.agents.llm import preload
from workflow.queue import cluster


class Command(BaseCommand):
    """Run one cluster until stopped."""

    help = "Run one cluster of workers. `up` and `work` start it, and look after it."
    # `up` and `work` have run them; those of addresses would load all views.
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        """Run until SIGTERM or Ctrl-C."""
        preload(
            [
                settings.CHAPTERFLOW_WRITER,
                *settings.CHAPTERFLOW_WRITERS,
                settings.CHAPTERFLOW_HARMONIZER,
                settings.CHAPTERFLOW_QUESTIONER,
            ]
        )
        cluster.load_tasks()
        # A collection in a worker would write to every page that it shares with the others.
        gc.collect()
        gc.freeze()
        cluster.run()
