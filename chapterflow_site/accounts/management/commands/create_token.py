"""`manage.py create_token USERNAME`: prints a new API token, alone on its line."""

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from chapterflow_site.accounts.actions import TOKEN_DAYS, create_token

MOST_DAYS = 36_500


class Command(BaseCommand):
    """Makes an API token for a person."""

    help = "Make an API token for a person and print it. It is shown this once and stored hashed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the person's name and what the token is for."""
        parser.add_argument("username")
        parser.add_argument("--name", default="command line", help="what the token is for")
        parser.add_argument(
            "--days",
            type=int,
            default=TOKEN_DAYS,
            help=f"how long it works ({TOKEN_DAYS}); 0: until it is revoked",
        )

    def handle(self, *, username: str, name: str, days: int, **options: object) -> None:
        """Print the token; until when it works goes to standard error."""
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person called “{username}”.")
        if not 0 <= days <= MOST_DAYS:
            raise CommandError(f"--days is 0 to {MOST_DAYS}.")
        token, secret = create_token(user, actor=None, name=name, days=days)
        self.stdout.write(secret)
        until = f"until {token.expires_at:%d %B %Y}" if token.expires_at else "until it is revoked"
        self.stderr.write(f"It works {until}.")
