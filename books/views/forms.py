"""The forms of uploading a storyline and of describing a book; what they hold is checked by the actions."""

from typing import ClassVar, cast

from django import forms

from books.actions.book import BookColumns
from books.models import Book


class UploadForm(forms.Form):
    """A file or pasted text, and what the person says of the book."""

    file = forms.FileField(required=False, allow_empty_file=True)
    text = forms.CharField(required=False, strip=False)
    title = forms.CharField(required=False, max_length=300, label="Title")
    author = forms.CharField(required=False, max_length=300, label="Author")


class DetailsForm(forms.Form):
    """How a book is called."""

    title = forms.CharField(max_length=300, error_messages={"required": "A book needs a title."})
    subtitle = forms.CharField(required=False, max_length=500)
    author = forms.CharField(required=False, max_length=300)
    language = forms.CharField(
        required=False,
        max_length=35,
        help_text="As in “German”, “de” or “pt-BR”.",
    )
    book_columns: ClassVar[tuple[str, ...]] = ("title", "subtitle", "author", "language")

    @classmethod
    def of(cls, book: Book) -> "DetailsForm":
        """Return the form with what is stored."""
        return cls(initial={name: getattr(book, name) for name in cls.book_columns})

    def changes_of(self, book: Book) -> BookColumns:
        """Return what the person wrote otherwise than it is stored: what was left as it stood, nobody has said."""
        written = {name: self.cleaned_data[name] for name in self.book_columns}
        return cast(
            BookColumns, {name: value for name, value in written.items() if value != getattr(book, name)}
        )
