"""`manage.py cluster`: one cluster of workers, as `up` and `work` start them."""

from django.core.management.base import BaseCommand

from workflow.queue import cluster


class Command(BaseCommand):
    """Run one cluster until stopped."""

    help = "Run one cluster of workers. `up` and `work` start it, and look after it."

    def handle(self, *args: object, **options: object) -> None:
        """Run until SIGTERM or Ctrl-C."""
        cluster.run()
