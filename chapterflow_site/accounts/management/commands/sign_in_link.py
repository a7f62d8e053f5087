"""`manage.py sign_in_link [USERNAME]`: prints a one-time sign-in link, alone on its line."""

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from chapterflow_site.accounts.actions import LINK_LIFETIME, first_administrator, make_sign_in_link
from chapterflow_site.address import running_address


class Command(BaseCommand):
    """Makes a one-time sign-in link for a person."""

    help = "Make a link that signs a person in once, within 15 minutes, and print it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the person's name and where the site is reached."""
        parser.add_argument("username", nargs="?", help="whom it signs in (the first administrator)")
        parser.add_argument("--base-url", help="where the site is reached (where it runs now)")

    def handle(self, *, username: str | None, base_url: str | None, **options: object) -> None:
        """Print the link."""
        user = (
            User.objects.filter(username=username, is_active=True).first()
            if username
            else first_administrator()
        )
        if user is None:
            who = f"active person called “{username}”" if username else "active administrator"
            raise CommandError(f"There is no {who}.")
        address, answers = (base_url, True) if base_url else running_address()
        secret = make_sign_in_link(user)
        self.stdout.write(address.rstrip("/") + reverse("sign_in_link", args=[secret]))
        self.stderr.write(f"It signs in {user} once, for {LINK_LIFETIME.seconds // 60} minutes.")
        if not answers:
            self.stderr.write("Nothing answers there now: start it first, or say where with --base-url.")
