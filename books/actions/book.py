"""Making and describing books."""

import secrets
from collections.abc import Iterator, Mapping
from typing import TypedDict, Unpack

from django.contrib.auth.models import AbstractBaseUser, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django.utils.text import slugify

from books.models import Book, Chapter
from books.preferences.reading import left_out_terms
from books.sources import title_columns, withheld_of
from books.storyline.elements.preferences import checked_preferences
from books.storyline.wording import one_line
from books.text.storable import without_piles
from books.text.tags import tag_named
from books.writers import checked_writer
from chapterflow_site.core import crash_points
from chapterflow_site.core.exceptions import Conflict, Invalid

_TRIES = 20
_TITLES_PER_UPDATE = 200
# Room for letters behind it.
_BASE_CHARACTERS = 70
# None that is taken for another, and no vowels, which make words.
_LETTERS = "bcdfghjkmnpqrstvwxz23456789"
_RANDOM_CHARACTERS = 5


class BookColumns(TypedDict, total=False):
    """What a person may say of a book."""

    title: str
    subtitle: str
    author: str
    language: str
    description: str
    preferences: Mapping[str, object]
    writer: str


def create_book(*, actor: User, book_id: str | None = None, **columns: Unpack[BookColumns]) -> Book:
    """Make an empty book of `actor`'s.

    Without a `book_id` one is made from the title; without a language the book waits for that of its storyline.
    Raises Invalid for a value that cannot be stored, Conflict where the `book_id` is taken, by whomever.
    """
    book = Book(owner=actor, **_checked({"title": "", "language": "", **columns}))
    if book_id is None:
        return _with_free_id(book)
    book.book_id = book_id
    _check(book, ["book_id"])
    if not _is_stored(book):
        raise Conflict("book_id_taken", f"There is a book “{book_id}” already. Choose another id.")
    return book


def edit_book(book: Book, *, actor: AbstractBaseUser | None, **columns: Unpack[BookColumns]) -> Book:
    """Change the named columns of a book and no others. Raises Invalid for a value that cannot be stored."""
    if not columns:
        return book
    changes = _checked(columns)
    for name, value in changes.items():
        setattr(book, name, value)
    with crash_points.named_commit("edit_book"):
        left_out = _left_out_before(book) if "preferences" in columns else None
        book.save(update_fields=[*changes, "updated_at"])
        if left_out is not None and left_out != left_out_terms(book.preferences):
            _show_titles(book)
    return book


def _left_out_before(book: Book) -> tuple[str, ...]:
    """Return what the stored book leaves out; another edit of it waits until this one is done."""
    stored = Book.objects.select_for_update().values_list("preferences", flat=True)
    return left_out_terms(stored.get(pk=book.pk))


def _show_titles(book: Book) -> None:
    """Take out of the chapters' titles what is withheld now, and let what is withheld no more stand in them again.

    The book's row has been changed in this transaction, and is locked by that: a title that is stored meanwhile waits.
    """
    for version in book.versions.exclude(started_at=None):
        version.book = book
        withheld = withheld_of(version)
        changed = []
        for chapter in version.chapters.only("title", "full_title"):
            columns = title_columns(chapter.full_title or chapter.title, withheld)
            if columns["title"] != chapter.title:
                chapter.title, chapter.full_title = columns["title"], columns["full_title"]
                changed.append(chapter)
        Chapter.objects.bulk_update(changed, ["title", "full_title"], batch_size=_TITLES_PER_UPDATE)


def hand_over_books(owner: User, *, to: User, actor: AbstractBaseUser | None) -> int:
    """Give all books of `owner` to somebody else, who alone may see them then; return how many there were."""
    return Book.objects.filter(owner=owner).update(owner=to, updated_at=timezone.now())


def hand_over_book(book: Book, *, to: User, actor: AbstractBaseUser | None) -> Book:
    """Give one book to somebody else, who alone may see it then."""
    book.owner = to
    book.save(update_fields=["owner", "updated_at"])
    return book


def _checked(columns: BookColumns) -> dict[str, object]:
    """Return the columns tidied, an empty title or language replaced by a plain one."""
    tidy: dict[str, object] = {
        name: one_line(value) if isinstance(value, str) and name != "description" else value
        for name, value in columns.items()
    }
    if "description" in tidy:
        tidy["description"] = without_piles(str(tidy["description"]))
    if "title" in tidy:
        tidy["title"] = tidy["title"] or "Untitled book"
    if "language" in tidy:
        tidy["language_settled"] = bool(tidy["language"])
        tidy["language"] = tag_named(str(tidy["language"]) or "en")
        if not tidy["language"]:
            raise Invalid("invalid_language", "A language is written like “German”, “de” or “pt-BR”.")
    if "preferences" in tidy:
        tidy["preferences"] = checked_preferences(columns["preferences"])
    if "writer" in tidy:
        tidy["writer"] = checked_writer(str(tidy["writer"]))
    _check(Book(**tidy), list(columns))
    return tidy


def _check(book: Book, names: list[str]) -> None:
    """Raise Invalid for the first of the named columns whose value does not fit."""
    others = {field.name for field in Book._meta.fields} - set(names)
    try:
        book.clean_fields(exclude=others)
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        label = name.replace("_", " ").capitalize()
        raise Invalid(f"invalid_{name}", f"{label}: {messages[0]}") from None


def _with_free_id(book: Book) -> Book:
    """Store the book under an id made from its title and some random letters.

    Without these an id that is taken, and one that is not, would tell whether somebody else has a book of this title.
    """
    base = slugify(book.title)[:_BASE_CHARACTERS]
    base = base.strip("-_").replace("_", "-") or "book"
    for ending in endings():
        book.book_id = base + ending
        if _is_stored(book):
            return book
    raise Conflict("book_id_taken", "No free id was found for this title. Choose one yourself.")


def endings() -> Iterator[str]:
    """Yield what may stand behind a title to make an id of it."""
    for _ in range(_TRIES):
        yield "-" + "".join(secrets.choice(_LETTERS) for _ in range(_RANDOM_CHARACTERS))


def _is_stored(book: Book) -> bool:
    """Insert the book unless its id is taken; the unique constraint decides, not a look beforehand."""
    try:
        with crash_points.named_commit("create_book"):
            book.save(force_insert=True)
    except IntegrityError:
        book.pk = None
        return False
    return True
