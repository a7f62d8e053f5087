"""Which preferences hold: the version's before the book's, fixed when the writing starts. Nowhere else is it said."""

from collections.abc import Mapping

from books.models import BookVersion

from .catalogue import OLD_KEYS


def preferences_of(version: BookVersion) -> dict[str, object]:
    """Return what the version's writer is asked for: its own preferences, and the book's where it says nothing.

    A null of the version's says “nothing”, whatever the book says. Once started, they stay as they were then.
    """
    if version.fixed_preferences is not None:
        return dict(version.fixed_preferences)
    together = {**_renamed(version.book.preferences), **_renamed(version.preferences)}
    return {key: value for key, value in together.items() if value is not None}


def first_preferences(last: BookVersion | None, uploaded: Mapping[str, object]) -> dict[str, object]:
    """Return with which own preferences a version starts: the last one's, but for what its upload says itself."""
    return {**(_renamed(last.preferences) if last else {}), **uploaded}


def own_preferences(version: BookVersion, wanted: Mapping[str, object]) -> dict[str, object]:
    """Return what the version must say itself so that `wanted` holds: only what differs from the book's."""
    default = _renamed(version.book.preferences)
    differing = {key: value for key, value in wanted.items() if default.get(key) != value}
    return {
        **{key: None for key, value in default.items() if value is not None and key not in wanted},
        **differing,
    }


def _renamed(preferences: Mapping[str, object]) -> dict[str, object]:
    """Return the preferences with old keys under their names of today."""
    read = {key: value for key, value in preferences.items() if key not in OLD_KEYS}
    for old, new in OLD_KEYS.items():
        if text := preferences.get(old):
            read[new] = "\n".join(str(each) for each in (preferences.get(new), text) if each)
    return read
