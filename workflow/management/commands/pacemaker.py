"""Runs the pacemaker; `up` and `work` start it by themselves."""

import signal
import threading
from types import FrameType

from django.core.management.base import BaseCommand

from workflow.workers.pacemaker import Pacemaker


class Command(BaseCommand):
    """Look after sessions until stopped."""

    help = "Take back what lost workers hold and wake sessions whose time has come, once a second."
    # `up` and `work` have run them; those of addresses would load all views.
    requires_system_checks = ()

    def handle(self, *args: object, **options: object) -> None:
        """Run until SIGTERM or Ctrl-C."""
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        Pacemaker().run(stop.is_set, sleep=stop.wait)
