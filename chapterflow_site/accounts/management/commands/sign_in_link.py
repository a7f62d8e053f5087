"""`manage.py sign_in_link USERNAME`: prints a one-time sign-in link, alone on its line."""

from argparse import ArgumentParser

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from chapterflow_site.accounts.actions import LINK_LIFETIME, make_sign_in_link


class Command(BaseCommand):
    """Makes a one-time sign-in link for a person."""

    help = "Make a link that signs a person in once, within 15 minutes, and print it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the person's name and where the site is reached."""
        parser.add_argument("username")
        parser.add_argument("--base-url", default="http://127.0.0.1:8000", help="where the site is reached")

    def handle(self, *, username: str, base_url: str, **options: object) -> None:
        """Print the link."""
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person called “{username}”.")
        secret = make_sign_in_link(user)
        self.stdout.write(base_url.rstrip("/") + reverse("sign_in_link", args=[secret]))
        self.stderr.write(f"It works once, for {LINK_LIFETIME.seconds // 60} minutes.")
