"""The preferences as a form; what it holds is checked as everywhere else, and told beside the fields."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby

from django import forms

from books.models import BookVersion
from books.preferences.catalogue import (
    BY_KEY,
    FEWEST_WORDS,
    MOST_WORDS,
    PREFERENCES,
    Group,
    Kind,
    Preference,
)
from books.preferences.rule import own_preferences, preferences_of
from books.storyline.elements.preferences import PreferenceFaults, checked_preferences

_KEY = re.compile(r"\w*")
_FITS_A_LINE = 300
_NOTHING_SAID = ("", "As the writer sees fit")


class PreferencesForm(forms.Form):
    """What a version's writer is asked for. Fields that are emptied ask for nothing, whatever the book says."""

    prefix = "wish"

    def __init__(
        self, data: Mapping[str, object] | None = None, *, initial: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.fields.update({each.key: _FIELDS[each.kind](each) for each in PREFERENCES})
        self._wishes: dict[str, object] = {}

    @classmethod
    def of(cls, version: BookVersion) -> "PreferencesForm":
        """Return the form with what holds for the version now."""
        held = preferences_of(version)
        return cls(initial={key: _as_typed(held[key]) for key in BY_KEY if key in held})

    def rows(self) -> dict[str, list[list[forms.BoundField]]]:
        """Return the fields of each group, in rows: choices that follow each other share one."""
        return {group.value: _rows(self, group) for group in Group}

    def says_finer(self) -> bool:
        """Return whether a field of the last group, which is folded, has a value or a fault."""
        fields = [field for row in self.rows()[Group.FINER.value] for field in row]
        return any(field.value() or field.errors for field in fields)

    def clean(self) -> dict[str, object]:
        """Check everything at once."""
        given = {key: value for key, value in self.cleaned_data.items() if value not in (None, "")}
        try:
            self._wishes = checked_preferences(given, ())
        except PreferenceFaults as refusal:
            for fault in refusal.faults:
                self.add_error(_key_of(fault.place), fault.message)
        return self.cleaned_data

    def own_of(self, version: BookVersion) -> dict[str, object]:
        """Return what the version has to say itself; keys that the form does not know stay as they are."""
        others = {key: value for key, value in preferences_of(version).items() if key not in BY_KEY}
        return own_preferences(version, {**others, **self._wishes})


def _rows(form: PreferencesForm, group: Group) -> list[list[forms.BoundField]]:
    asked = [each for each in PREFERENCES if each.group is group]
    runs = [list(run) for _, run in groupby(asked, key=lambda each: each.kind is Kind.CHOICE)]
    rows = [[run] if run[0].kind is Kind.CHOICE else [[each] for each in run] for run in runs]
    return [[form[each.key] for each in row] for together in rows for row in together]


def _key_of(place: str) -> str:
    found = _KEY.match(place)
    return found[0] if found else ""


def _as_typed(value: object) -> object:
    return "\n".join(map(str, value)) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _number(preference: Preference) -> forms.Field:
    widget = forms.NumberInput(attrs={"min": FEWEST_WORDS, "max": MOST_WORDS, "step": 1})
    return _with_words(forms.IntegerField(required=False, widget=widget), preference)


def _line(preference: Preference) -> forms.Field:
    attributes = {"maxlength": preference.most}
    is_long = preference.most > _FITS_A_LINE
    widget = forms.Textarea(attrs={**attributes, "rows": 2}) if is_long else forms.TextInput(attrs=attributes)
    return _with_words(forms.CharField(required=False, widget=widget), preference)


def _text(preference: Preference) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 3, "maxlength": preference.most})
    return _with_words(forms.CharField(required=False, widget=widget), preference)


def _lines(preference: Preference) -> forms.Field:
    widget = forms.Textarea(attrs={"rows": 4})
    return _with_words(forms.CharField(required=False, widget=widget), preference)


def _choice(preference: Preference) -> forms.Field:
    choices = [_NOTHING_SAID, *preference.choices.items()]
    return _with_words(forms.ChoiceField(required=False, choices=choices), preference)


def _with_words(field: forms.Field, preference: Preference) -> forms.Field:
    field.label, field.help_text = preference.label, preference.help
    return field


_FIELDS: Mapping[Kind, Callable[[Preference], forms.Field]] = {
    Kind.WHOLE: _number,
    Kind.LINE: _line,
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.NAMES: _lines,
    Kind.TERMS: _lines,
}
