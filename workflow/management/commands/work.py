"""`manage.py work`: workers and pacemaker alone, for further machines."""

from django.core.management.base import BaseCommand, CommandParser

from chapterflow_site.checks.installation import TAG
from workflow.workers.supervisor import WORKERS_HELP, become_supervisor, worker_children


class Command(BaseCommand):
    """Run workers until stopped."""

    help = "Run workers and the pacemaker without a web server, for further machines."
    # The installation's own: those of addresses would load all views, and are for who changes the program.
    requires_system_checks = [TAG]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--workers", type=int, help=WORKERS_HELP)

    def handle(self, *args: object, workers: int | None = None, **options: object) -> None:
        """Run until SIGTERM or Ctrl-C."""
        become_supervisor(worker_children(workers), greeting="Workers are starting. Ctrl-C stops them.")
