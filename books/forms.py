"""The forms of uploading a storyline and of describing a book; what they hold is checked by the actions."""

from typing import ClassVar

from django import forms

from books.models import BookVersion

_PREFERENCES = ("words_per_chapter", "tone", "notes")


class UploadForm(forms.Form):
    """A file or pasted text, and what the person says of the book."""

    file = forms.FileField(required=False, allow_empty_file=True)
    text = forms.CharField(required=False, strip=False)
    title = forms.CharField(required=False, max_length=300, label="Title")
    author = forms.CharField(required=False, max_length=300, label="Author")


class DetailsForm(forms.Form):
    """How a book is called, and what its writer is asked for."""

    title = forms.CharField(max_length=300, error_messages={"required": "A book needs a title."})
    subtitle = forms.CharField(required=False, max_length=500)
    author = forms.CharField(required=False, max_length=300)
    language = forms.CharField(
        required=False,
        max_length=35,
        help_text="As in “en”, “de” or “pt-BR”.",
    )
    words_per_chapter = forms.IntegerField(
        required=False, min_value=100, max_value=5000, label="Words per chapter"
    )
    tone = forms.CharField(
        required=False,
        max_length=500,
        label="Tone",
        help_text="For example: plain and warm, in the speakers’ own turns of phrase.",
    )
    notes = forms.CharField(
        required=False,
        max_length=4000,
        label="Notes for the writer",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    book_columns: ClassVar[tuple[str, ...]] = ("title", "subtitle", "author", "language")

    @classmethod
    def of(cls, version: BookVersion) -> "DetailsForm":
        """Return the form with what is stored."""
        book = {name: getattr(version.book, name) for name in cls.book_columns}
        return cls(initial=book | {name: version.preferences.get(name, "") for name in _PREFERENCES})

    def preferences(self, version: BookVersion) -> dict[str, object]:
        """Return the version's preferences with what was filled in; an emptied field takes its entry away."""
        given = {name: self.cleaned_data[name] for name in _PREFERENCES}
        kept = {name: value for name, value in version.preferences.items() if name not in given}
        return kept | {name: value for name, value in given.items() if value not in (None, "")}
