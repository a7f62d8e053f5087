"""`manage.py create_token USERNAME`: prints a new API token, alone on its line."""

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from chapterflow_site.accounts.actions import create_token


class Command(BaseCommand):
    """Makes an API token for a person."""

    help = "Make an API token for a person and print it. It is shown this once and stored hashed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the person's name and what the token is for."""
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the token is for")

    def handle(self, *, username: str, name: str, **options: object) -> None:
        """Print the token."""
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person called “{username}”.")
        _, secret = create_token(user, actor=None, name=name)
        self.stdout.write(secret)
