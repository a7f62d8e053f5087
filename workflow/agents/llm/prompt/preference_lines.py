"""The person's preferences, as lines for the prompt. Bounded and harmless: an upload may bring them, too."""

from collections.abc import Callable, Iterable, Mapping

from books.preferences.catalogue import OLD_KEYS, TOLD, Kind, Preference
from books.preferences.reading import KeptName, kept_names
from books.preferences.reading import wanted_words as wanted_words
from workflow.contract.agent_types import JSON, ChapterTask

from .blocks import one_line

LONGEST_WISH = 400
MOST_ENTRIES = 40

_OLD_KEYS: Mapping[str, str] = {new: old for old, new in OLD_KEYS.items()}
# Marks that would end the quotation in which a name or a term stands.
_MARKS = str.maketrans({"“": "'", "”": "'", '"': "'"})


def wishes(task: ChapterTask) -> list[str]:
    """Return one line for each wish that the person has; the book's language is the chapter's unless they say so."""
    known = {"language": task.book_metadata.get("language"), **task.user_preferences}
    said = ((each, _READERS.get(each.kind, _text)(each, known, task)) for each in TOLD)
    return [f"- {each.prompt_label or each.label}: {text}" for each, text in said if text]


def _text(preference: Preference, known: JSON, task: ChapterTask) -> str:
    values = [known.get(key) for key in (preference.key, _OLD_KEYS.get(preference.key, ""))]
    texts = [one_line(value[: 2 * LONGEST_WISH]) for value in values if isinstance(value, str)]
    return "; ".join(filter(None, texts))[:LONGEST_WISH]


def _names(preference: Preference, known: JSON, task: ChapterTask) -> str:
    names = kept_names(known)
    spellings = {said_of_name(name): (name.right, *name.wrong) for name in names}
    return _listed(_near_first(spellings, task))


def said_of_name(name: KeptName) -> str:
    """Return “Ottilie”, not “Otilie”: a spelling to keep, as a prompt says it."""
    wrong = " or ".join(map(_quoted, name.wrong))
    return f"{_quoted(name.right)}, not {wrong}" if wrong else _quoted(name.right)


def _quoted(text: str) -> str:
    return f"“{one_line(text.translate(_MARKS))[: LONGEST_WISH // 2]}”"


def _near_first(entries: Mapping[str, Iterable[str]], task: ChapterTask) -> list[str]:
    """Put what occurs in this chapter's sources first: there may be no room for all."""
    if len(entries) <= 1:
        return list(entries)
    said = "\n".join(
        [task.title, task.storyline_node.summary, *(chunk.text for chunk in task.text_chunks)]
    ).casefold()
    return sorted(entries, key=lambda entry: not any(word.casefold() in said for word in entries[entry]))


def _listed(entries: Iterable[str]) -> str:
    """Return whole entries, as many as there is room for."""
    text = ""
    for entry in list(entries)[:MOST_ENTRIES]:
        longer = f"{text}; {entry}" if text else entry
        if len(longer) > LONGEST_WISH:
            break
        text = longer
    return text


_READERS: Mapping[Kind, Callable[[Preference, JSON, ChapterTask], str]] = {
    Kind.NAMES: _names,
}
