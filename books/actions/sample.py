"""The sample book, which shows everything without a file at hand."""

from importlib.resources import files

from django.contrib.auth.models import User

from books.models import BookVersion

from .storyline import upload_storyline

SAMPLE_NAME = "ferry-house.json"
TEMPLATE_NAME = "template.json"


def add_sample_book(*, actor: User) -> BookVersion:
    """Return `actor`'s sample book that is not started yet, made where there is none."""
    waiting = BookVersion.objects.filter(
        book__owner=actor, source_name=SAMPLE_NAME, number=1, started_at=None
    ).first()
    return waiting or upload_storyline(sample_file(SAMPLE_NAME), actor=actor, source_name=SAMPLE_NAME)


def sample_file(name: str) -> bytes:
    """Return a file that ships with the product: the sample storyline or the template."""
    return files("books.samples").joinpath(name).read_bytes()
