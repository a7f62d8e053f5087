"""`manage.py work`: workers and pacemaker alone, for further machines."""

from django.core.management.base import BaseCommand, CommandParser

from workflow.workers.supervisor import WORKERS_HELP, Supervisor, worker_children


class Command(BaseCommand):
    """Run workers until stopped."""

    help = "Run workers and the pacemaker without a web server, for further machines."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--workers", type=int, help=WORKERS_HELP)

    def handle(self, *args: object, workers: int | None = None, **options: object) -> None:
        """Run until SIGTERM or Ctrl-C."""
        supervisor = Supervisor(worker_children(workers), self._say)
        supervisor.run(lambda: self._say("Workers are starting. Ctrl-C stops them."))

    def _say(self, text: str) -> None:
        """Print at once, also where the output goes to a file or another process."""
        self.stdout.write(text)
        self.stdout.flush()
