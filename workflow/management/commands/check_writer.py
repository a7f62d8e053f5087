"""`manage.py check_writer`: what is right and what is wrong with a backend, before a book finds out."""

import json
import sys

from django.core.management.base import BaseCommand, CommandParser

from workflow.agents.checkup import ROLES, Report, check_backends, check_role

WELL, FAULTY, INTERRUPTED = 0, 1, 130


class Command(BaseCommand):
    """Check the connection to language models."""

    help = (
        "Check writers step by step: allowed, installed, reached, answering. Asks each model for one word. "
        "Without a name it checks everything that the settings name. Exit status: 0 all is well, 1 not."
    )
    # It says in its own words what a system check would say.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "writers", nargs="*", metavar="WRITER", help="such as openai:gpt-5, or a list with commas"
        )
        parser.add_argument(
            "--role", choices=sorted(ROLES), action="append", help="check what the settings have for it"
        )
        parser.add_argument("--json", action="store_true", help="print one line of JSON, for programs")

    def handle(self, *args: object, **options: object) -> None:
        """Check, print, and exit with a status that tells whether all is well."""
        try:
            reports = _reports(_texts(options["writers"]), _texts(options["role"]))
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        if options["json"]:
            self.stdout.write(json.dumps([report.as_json() for report in reports]))
        else:
            self.stdout.write("\n\n".join(_told(report) for report in reports))
        self.stdout.flush()
        sys.exit(WELL if all(report.is_well for report in reports) else FAULTY)


def _texts(given: object) -> list[str]:
    return [str(each) for each in given] if isinstance(given, list) else []


def _reports(writers: list[str], roles: list[str]) -> list[Report]:
    if not writers and not roles:
        roles = list(ROLES)
    found = [report for role in roles for report in check_role(role)]
    return found + [report for writer in writers for report in check_backends(writer)]


def _told(report: Report) -> str:
    lines = [f"{report.label} ({report.backend})"]
    for step in report.steps:
        lines.append(f"  {'ok   ' if step.is_well else 'fault'} {step.name}: {step.sentence}")
        lines += [
            f"        {line}" for line in (step.advice, step.detail and f"It said: {step.detail}") if line
        ]
    return "\n".join(lines)
