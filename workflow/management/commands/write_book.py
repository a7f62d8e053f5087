"""`manage.py write_book`: the whole job without a browser or a server."""

import logging
import shutil
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import TypedDict

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from books.actions import upload_storyline
from books.export import FORMATS, export_book
from books.models import BookVersion, Dependencies
from books.sources import notices_of
from books.storyline.faults import StorylineFaults
from books.uploads import read_upload
from chapterflow_site.accounts.actions import first_administrator
from chapterflow_site.core.exceptions import DomainError
from workflow.actions import find_started, start_or_continue
from workflow.contract.states import UNFINISHED, OnFailure, SessionStatus
from workflow.engine import advance
from workflow.engine.session_progress import missing_words
from workflow.management.cost_lines import (
    estimate_lines,
    has_stopped_for_budget,
    read_budget,
    spent_lines,
    stopped_words,
)
from workflow.models import ProcessingSession
from workflow.processes import stopping
from workflow.progress.progress import progress_line, waiting_line, written_percent
from workflow.workers.pacemaker import Pacemaker

COMPLETED, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
TEND_SECONDS = 1.0
BAR_CELLS = 30


class Asked(TypedDict):
    """The options of which each makes another book."""

    writer: str | None
    dependencies: str
    on_failure: str


class Command(BaseCommand):
    """Write a book from a storyline file."""

    _shown = ""
    help = (
        "Write the book of a storyline file and export it. The same file with the same options goes on where it "
        "stopped. Exit status: 0 completed, 1 failed, 2 bad input, 130 interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, help="a storyline in JSON")
        parser.add_argument("--out", type=Path, required=True, help="the folder for the finished book")
        parser.add_argument(
            "--format",
            action="append",
            dest="formats",
            choices=tuple(FORMATS),
            help="epub (default), md or json; may be repeated",
        )
        parser.add_argument("--writer", help="the Chapter Writer (the installation's default)")
        parser.add_argument(
            "--dependencies", choices=Dependencies.values, default=Dependencies.SEQUENTIAL.value
        )
        parser.add_argument(
            "--on-failure",
            choices=OnFailure.values,
            default=OnFailure.HOLD.value,
            help="what depends on a failed chapter waits (hold, the default), or is written without it (skip)",
        )
        parser.add_argument(
            "--budget",
            help="where the writing stops, such as 5.00 (US dollars) or “200000 tokens”; a larger one lets it go on",
        )
        parser.add_argument("--new", action="store_true", help="start again, as a new version")

    def handle(self, *args: object, **options: object) -> None:
        """Write, export, and exit with a status that tells how it went."""
        logging.getLogger("workflow").setLevel(logging.WARNING)
        call_command("migrate", interactive=False, verbosity=0)
        sys.exit(self._run(options))

    def _run(self, options: dict[str, object]) -> int:
        try:
            session = self._session(options)
        except (StorylineFaults, DomainError, OSError) as error:
            self._explain(error)
            return BAD_INPUT
        self._listen()
        if not self._drive(session):
            self.stderr.write("\nInterrupted. The same command goes on where it stopped.")
            return INTERRUPTED
        session.refresh_from_db()
        self._say_spent(session)
        if session.is_over_budget:
            self.stderr.write(stopped_words(session))
            return FAILED
        if session.status != SessionStatus.COMPLETED:
            self.stderr.write(f"\n{session.error_message or 'The book was cancelled.'}")
            return FAILED
        if session.skipped_count:
            self.stderr.write(f"\n{missing_words(session)} The same command tries again.")
        return self._export(session, options)

    def _session(self, options: dict[str, object]) -> ProcessingSession:
        asked = Asked(
            writer=str(options["writer"]) if options["writer"] else None,
            dependencies=str(options["dependencies"]),
            on_failure=str(options["on_failure"]),
        )
        version = self._version(options, asked)
        limits = read_budget(str(options["budget"])) if options["budget"] else None
        if not version.is_started:
            self._say_before_start(version, asked["writer"])
        return start_or_continue(version, actor=version.book.owner, limits=limits, **asked)

    def _say_before_start(self, version: BookVersion, writer: str | None) -> None:
        for notice in notices_of(version):
            self.stderr.write(notice["message"])
        for line in estimate_lines(version, writer):
            self.stderr.write(line)

    def _say_spent(self, session: ProcessingSession) -> None:
        for line in spent_lines(session):
            self.stderr.write(line)

    def _version(self, options: dict[str, object], asked: Asked) -> BookVersion:
        """Store the storyline, or find the version that the same file and options made before."""
        file = options["file"]
        assert isinstance(file, Path)
        owner = first_administrator()
        if owner is None:
            raise CommandError("There is no active administrator. Make one: manage.py createsuperuser")
        data = file.read_bytes()
        earlier = None if options["new"] else find_started(read_upload(data), owner=owner, **asked)
        return earlier or upload_storyline(data, actor=owner, source_name=file.name)

    def _explain(self, error: Exception) -> None:
        if isinstance(error, StorylineFaults):
            for fault in error.faults:
                where = f"line {fault.line}, {fault.place}" if fault.line else fault.place
                self.stderr.write(f"{where}: {fault.message}")
            return
        if isinstance(error, OSError):
            self.stderr.write(f"{error.filename} cannot be read: {error.strerror}.")
            return
        self.stderr.write(str(error))

    def _listen(self) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            stopping.request_here()

        signal.signal(signal.SIGINT, stop)
        signal.signal(signal.SIGTERM, stop)

    def _drive(self, session: ProcessingSession) -> bool:
        """Advance until the session is at an end. Returns False where a person interrupted."""
        pacemaker = Pacemaker()
        while not stopping.is_requested():
            pacemaker.tick()
            advance(session.pk)
            session.refresh_from_db()
            self._show(session)
            if session.status not in UNFINISHED or has_stopped_for_budget(session):
                return True
            if session.woken_at is None:
                time.sleep(TEND_SECONDS / 4)
        return False

    def _show(self, session: ProcessingSession) -> None:
        cells = BAR_CELLS * written_percent(session) // 100
        bar = "█" * cells + "·" * (BAR_CELLS - cells)
        waiting = waiting_line(session) if session.status == SessionStatus.PROCESSING else ""
        text = f"{bar} {progress_line(session)}, {waiting or session.phase}"
        if text == self._shown:
            return
        self._shown = text
        if sys.stderr.isatty():
            self.stderr.write(f"\r\x1b[K{text}", ending="")
        else:
            self.stderr.write(text)

    def _export(self, session: ProcessingSession, options: dict[str, object]) -> int:
        out = options["out"]
        formats = options["formats"] or ["epub"]
        assert isinstance(out, Path)
        assert isinstance(formats, list)
        out.mkdir(parents=True, exist_ok=True)
        for name in formats:
            try:
                file = export_book(session.version, str(name))
            except DomainError as error:
                raise CommandError(error.message, returncode=BAD_INPUT) from error
            target = out / file.name
            with file.content, target.open("wb") as written:
                shutil.copyfileobj(file.content, written)
            self.stdout.write(str(target))
        return COMPLETED
