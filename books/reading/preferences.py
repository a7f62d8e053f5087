"""The preferences that hold for a version, in words for its page."""

from dataclasses import dataclass

from django.utils.translation import ngettext

from books.models import BookVersion
from books.preferences.catalogue import BY_KEY, PREFERENCES, Kind, Preference
from books.preferences.rule import own_preferences, preferences_of
from books.storyline.values.estimate import QUOTATIONS


@dataclass(frozen=True)
class ShownPreferences:
    """What is asked for: `said` are label and value, `gist` a few words on each, `inherited` labels.

    `for_quotations`: whether the writer is the one that alters nobody's words, and heeds only a part.
    """

    said: tuple[tuple[str, str], ...]
    gist: tuple[str, ...]
    inherited: tuple[str, ...]
    unknown_count: int
    for_quotations: bool


def shown_preferences(version: BookVersion, writer: str) -> ShownPreferences:
    """Return what holds for the version, for a page on which `writer` is chosen."""
    held = preferences_of(version)
    asked = [(each, held[each.key]) for each in PREFERENCES if each.key in held]
    own = version.preferences if version.is_started else own_preferences(version, held)
    return ShownPreferences(
        said=tuple((each.label, _value(each, value)) for each, value in asked),
        gist=tuple(_gist(each, value) for each, value in asked),
        inherited=() if version.is_started else tuple(each.label for each, _ in asked if each.key not in own),
        unknown_count=sum(key not in BY_KEY for key in held),
        for_quotations=writer == QUOTATIONS,
    )


def _value(preference: Preference, value: object) -> str:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return preference.choices.get(str(value), f"{value:,}" if isinstance(value, int) else str(value))


def _gist(preference: Preference, value: object) -> str:
    """Return "700 words", "third person", "3 names to keep", or the preference's name."""
    if preference.kind is Kind.WHOLE:
        return f"{_value(preference, value)} words a chapter"
    if isinstance(value, list) and preference.kind is Kind.NAMES:
        return ngettext("%s name to keep", "%s names to keep", len(value)) % len(value)
    if isinstance(value, list) and preference.kind is Kind.TERMS:
        return ngettext("%s thing left out", "%s things left out", len(value)) % len(value)
    if preference.key == "tense":
        return f"{value} tense"
    return _value(preference, value).lower() if preference.kind is Kind.CHOICE else preference.label.lower()
