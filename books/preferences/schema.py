"""How documents of the API describe preferences: a JSON schema, made from the catalogue."""

from collections.abc import Mapping

from .catalogue import (
    DEFAULT_WORDS,
    FEWEST_WORDS,
    MOST_WORDS,
    NAME_CHARACTERS,
    PREFERENCES,
    TERM_CHARACTERS,
    Kind,
    Preference,
)

_ABOUT = (
    "What the writer is asked for. Keys that are not known are kept. "
    "A null says “nothing”, even where a default says something."
)

_LINES = {"type": "string", "description": "One a line."}


def preferences_schema() -> dict[str, object]:
    """Return the schema of the object."""
    return {
        "type": "object",
        "description": _ABOUT,
        "properties": {preference.key: _described(preference) for preference in PREFERENCES},
        "additionalProperties": True,
        "examples": [
            {"words_per_chapter": 1200, "tone": "Plain and warm.", "names": ["Ottilie, not Otilie"]}
        ],
    }


def _described(preference: Preference) -> dict[str, object]:
    allowed = [*_types(preference), {"type": "null"}]
    return {
        "title": preference.label,
        "description": preference.help,
        "anyOf": allowed,
        "examples": [preference.example],
    }


def _types(preference: Preference) -> list[Mapping[str, object]]:
    if preference.kind is Kind.WHOLE:
        bounds = {"minimum": FEWEST_WORDS, "maximum": MOST_WORDS, "default": DEFAULT_WORDS}
        return [{"type": "integer", **bounds}]
    if preference.kind is Kind.CHOICE:
        return [{"type": "string", "enum": list(preference.choices)}]
    if preference.kind is Kind.TERMS:
        return [_list(preference, TERM_CHARACTERS), _LINES]
    if preference.kind is Kind.NAMES:
        wrong_to_right = {
            "type": "object",
            "propertyNames": {"pattern": r"\S"},
            "additionalProperties": {"type": "string", "pattern": r"\S"},
            "description": "Wrong spelling: the one to keep.",
        }
        return [_list(preference, NAME_CHARACTERS, wrong_to_right), wrong_to_right, _LINES]
    return [{"type": "string", "maxLength": preference.most}]


def _list(preference: Preference, characters: int, *others: Mapping[str, object]) -> Mapping[str, object]:
    text = {"type": "string", "maxLength": characters}
    items = {"anyOf": [text, *others]} if others else text
    # No `maxItems`: what is said twice counts once, which a schema cannot say.
    return {"type": "array", "items": items, "description": f"At most {preference.most}; repeats count once."}
