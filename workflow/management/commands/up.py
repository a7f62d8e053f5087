"""`manage.py up`: web server, workers and pacemaker under one supervisor."""

import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from chapterflow_site import address
from chapterflow_site.accounts.actions import (
    LOOPBACK_LINK_LIFETIME,
    first_administrator,
    make_sign_in_link,
    nobody_has_signed_in,
)
from chapterflow_site.assets import collect_assets
from chapterflow_site.checks.installation import TAG
from chapterflow_site.private import check_writable
from workflow.workers.supervisor import (
    WORKERS_HELP,
    Child,
    become_supervisor,
    worker_children,
    workers_setting,
)

READY_SECONDS = 30.0


class Command(BaseCommand):
    """Run everything on one machine."""

    help = "Run the web server and the workers. Prints the address and, on loopback, a one-time sign-in link."
    # The installation's own: those of addresses would load all views, and are for who changes the program.
    requires_system_checks = [TAG]

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000, help="the port to listen on (8000)")
        parser.add_argument("--workers", type=int, help=WORKERS_HELP)

    def handle(
        self, *args: object, host: str = "", port: int = 0, workers: int | None = None, **options: object
    ) -> None:
        """Run until SIGTERM or Ctrl-C."""
        check_writable(settings.DATA_DIR)
        check_free(host, port)
        call_command("migrate", interactive=False, verbosity=0)
        collect_assets()
        owner = first_administrator()
        allowed = address.allowed_names(host)
        connections.close_all()
        supervised = fork_beside()
        if supervised is None:
            become_supervisor(
                [web_child(host, port, allowed, workers), *worker_children(workers)], serves=True
            )
        if wait_until_open(host, port, supervised):
            self._announce(host, port, allowed, owner)

    def _announce(self, host: str, port: int, allowed: list[str], owner: User | None) -> None:
        """Say where the site is, and how to come in."""
        site = address.site_address(host, port, allowed)
        address.remember(site, host, port)
        self._say(f"\nChapterFlow is ready at {site}/")
        if address.is_loopback(host):
            if owner is not None:
                secret = make_sign_in_link(owner, lifetime=LOOPBACK_LINK_LIFETIME)
                self._say(f"Sign in once with this link: http://{shown_host(host)}:{port}/sign-in/{secret}/")
        else:
            self._say(f"It answers to these names: {', '.join(allowed)}. ALLOWED_HOSTS sets others.")
            if nobody_has_signed_in():
                self._say(
                    "Nobody has signed in yet. A link for the first time: python manage.py sign_in_link"
                )
        self._say("Ctrl-C stops it; books that are being written go on at the next start.\n")

    def _say(self, text: str) -> None:
        """Print at once, also where the output goes to a file or another process."""
        self.stdout.write(text)
        self.stdout.flush()


def web_child(host: str, port: int, allowed: Sequence[str], workers: int | None) -> Child:
    """Return the web server. It knows how many workers there are: it says how much of a book goes on at once."""
    command = [
        sys.executable, "-m", "chapterflow_site.web_server", "-b", host, "-p", str(port), "--verbosity", "0",
        "--application-close-timeout", "5", "chapterflow_site.asgi:application",
    ]  # fmt: skip
    return Child("web server", command, {"ALLOWED_HOSTS": ",".join(allowed), **workers_setting(workers)})


def check_free(host: str, port: int) -> None:
    """Raise CommandError, in plain words, where the address cannot be listened on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} of {host} cannot be used ({error.strerror}). "
                f"Is ChapterFlow running already? Another port: PORT={port + 1} make run"
            ) from None


def fork_beside() -> int | None:
    """Go on in two processes. Returns None in the one that becomes the supervisor.

    The other, which announces the site and ends, gets a file that can be read once the supervisor has ended.
    """
    supervised, alive = os.pipe()
    child = os.fork()
    if child:
        # It ends at once: whoever announces is no child of the supervisor, which knows nothing of it.
        os.waitpid(child, 0)
        os.close(supervised)
        os.set_inheritable(alive, True)
        return None
    if os.fork():
        os._exit(0)
    os.close(alive)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return supervised


def wait_until_open(host: str, port: int, supervised: int) -> bool:
    """Wait until the web server answers. Returns False where the supervisor ended meanwhile or it took too long."""
    deadline = time.monotonic() + READY_SECONDS
    target = shown_host(host).strip("[]")
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection((target, port), timeout=1):
            return True
        if select.select([supervised], [], [], 0.05)[0]:
            return False
    return False


def shown_host(host: str) -> str:
    """Return the host as a browser on this machine reaches it."""
    if host in {"0.0.0.0", "", "::"}:  # noqa: S104  (compared, not bound)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
