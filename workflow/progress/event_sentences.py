"""Says in a plain sentence what each kind of Event was."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.utils.dateparse import parse_datetime
from django.utils.text import Truncator
from django.utils.translation import ngettext

from chapterflow_site.templatetags.interface import duration
from workflow.agents.orchestrator import label_of
from workflow.contract.events import EventKind
from workflow.contract.failures import explain
from workflow.contract.states import Phase

from .model_note import why_it_failed
from .waiting_for_slot import in_words


@dataclass(frozen=True)
class Happening:
    """An Event as a sentence needs it: who is the person's name, or "" for the system."""

    kind: str
    number: int | None
    attempt: int | None
    at: datetime
    who: str
    detail: Mapping[str, object]

    @property
    def tries(self) -> int:
        """The attempt's number, counted without those that were only waits; 0 where there is none."""
        return max(0, (self.attempt or 0) - self.count("waits"))

    @property
    def chapter(self) -> str:
        """Name the chapter."""
        return f"Chapter {self.number:,}" if self.number is not None else "A chapter"

    def count(self, key: str) -> int:
        """Return a whole number of the detail, 0 where there is none."""
        value = self.detail.get(key)
        return int(value) if isinstance(value, int | float) else 0

    def text(self, key: str) -> str:
        """Return a text of the detail, "" where there is none."""
        value = self.detail.get(key)
        return value if isinstance(value, str) else ""


def sentence_of(what: Happening) -> str:
    """Say what happened; a kind that is not known reads as its own words."""
    return _SENTENCES.get(what.kind, _unknown)(what)


def _unknown(what: Happening) -> str:
    words = what.kind.replace("_", " ").strip() or "something happened"
    subject = f"{what.chapter}: {words}" if what.number is not None else words.capitalize()
    return f"{subject}, by {what.who}." if what.who else f"{subject}."


def _by(person: str, system: str) -> Callable[[Happening], str]:
    """Return a sentence that begins with the person, or else the one for the system."""
    return lambda what: f"{what.who} {person}." if what.who else f"{system}."


def _always(sentence: str) -> Callable[[Happening], str]:
    return lambda what: sentence


def _started(what: Happening) -> str:
    again = f", attempt {what.tries}" if what.tries > 1 else ""
    return f"{what.chapter} is being written{again}."


def _size(what: Happening) -> str:
    words = what.count("words")
    return f", {ngettext('%s word', '%s words', words) % f'{words:,}'}" if words else ""


def _generated(what: Happening) -> str:
    return f"{what.chapter} is written{_size(what)}."


def _attempt_failed(what: Happening) -> str:
    when = parse_datetime(what.text("retry_at")) if what.text("retry_at") else None
    wait = (when - what.at).total_seconds() if when and when.tzinfo else 0
    then = f", next try in {duration(wait)}" if wait >= 1 else ""
    heading = explain(what.text("code")).heading
    if what.text("patience_until"):
        return f"{what.chapter} waits{then}. {heading}."
    return f"{what.chapter}: {_attempt(what).lower()} failed{then}. {heading}."


def _failed(what: Happening) -> str:
    return f"{what.chapter} failed. {explain(what.text('code')).heading}."


def _attempt(what: Happening) -> str:
    return f"Attempt {what.tries}" if what.tries else "The attempt"


def _session_failed(what: Happening) -> str:
    message = what.text("message")
    return f"The session stopped. {message}" if message else "The session stopped."


def _writing_finished(what: Happening) -> str:
    failed = what.count("failed_chapters")
    if not failed:
        return "All chapters are written."
    without = ngettext("%s chapter", "%s chapters", failed) % f"{failed:,}"
    return f"The writing is finished, without {without} that failed."


def _completed(what: Happening) -> str:
    missing = what.text("message")
    return f"The book is complete, but not whole. {missing}" if missing else "The book is complete."


def _outdated(what: Happening) -> str:
    if what.count("rewritten"):
        since = f"chapter {what.count('rewritten'):,} has been written again since"
        return f"{what.chapter} may be out of date: {since}."
    return f"{what.chapter} may be out of date: it was written without chapter {what.count('missed'):,}."


def _held_back(what: Happening) -> str:
    names = what.detail.get("providers")
    who = in_words([str(name) for name in names]) if isinstance(names, list) else "a language model"
    return f"The next chapter waits for {who}."


def _paused(what: Happening) -> str:
    message = what.text("message")
    if message:
        return f"Paused. {message}"
    return f"{what.who} paused the session." if what.who else "The session was paused."


def _budget_raised(what: Happening) -> str:
    to = what.text("budget")
    return f"{what.who} raised the budget to {to}." if what.who else f"The budget was raised to {to}."


def _retried(what: Happening) -> str:
    writer = what.text("writer")
    how = f", by another writer: {label_of(writer)}" if writer else ""
    if what.who and what.number is not None:
        return f"{what.who} asked for chapter {what.number:,} again{how}."
    return f"{what.chapter} is tried again{how}."


def _requested(what: Happening) -> str:
    writer = what.text("writer")
    how = f", by another writer: {label_of(writer)}" if writer else ""
    note = f", with a note: “{Truncator(what.text('note')).chars(120)}”" if what.text("note") else ""
    if what.who and what.number is not None:
        return f"{what.who} asked for another text of chapter {what.number:,}{how}{note}."
    return f"{what.chapter} is to be written again{how}{note}."


def _regenerated(what: Happening) -> str:
    return f"{what.chapter} is written again{_size(what)}."


def _not_regenerated(what: Happening) -> str:
    heading = explain(what.text("code")).heading
    return f"{what.chapter} could not be written again; its earlier text stays. {heading}."


def _withdrawn(what: Happening) -> str:
    if what.who and what.number is not None:
        return f"{what.who} kept the earlier text of chapter {what.number:,}."
    return f"{what.chapter} keeps its earlier text."


def _phase_failed(subject: str) -> Callable[[Happening], str]:
    def sentence(what: Happening) -> str:
        code = what.text("code")
        return f"{subject} failed. {explain(code).heading}." if code else f"{subject} failed."

    return sentence


def _model_failed(what: Happening) -> str:
    why = why_it_failed(what.text("code"))
    part = "all of " if what.count("answered") else ""
    if what.text("phase") == Phase.QUESTIONS:
        return f"The language model could not help with {part}the questions. {why} Those of the rules stand."
    return f"The language model could not judge {part}what was found. {why} The rules’ result stands."


def _harmonized(what: Happening) -> str:
    changes = what.count("changes")
    if not changes:
        return f"{what.chapter} agrees with the others; nothing was changed."
    return f"{what.chapter} harmonized, {ngettext('%s change', '%s changes', changes) % f'{changes:,}'}."


def _asked(what: Happening) -> str:
    asked = what.count("questions")
    return (
        f"{ngettext('%s question', '%s questions', asked) % f'{asked:,}'} asked."
        if asked
        else "Questions looked for."
    )


def _change(did: str, done: str) -> Callable[[Happening], str]:
    def sentence(what: Happening) -> str:
        place = f" in chapter {what.number:,}" if what.number is not None else ""
        return f"{what.who} {did} a change{place}." if what.who else f"A change{place} was {done}."

    return sentence


def _about_chapter(words: str) -> Callable[[Happening], str]:
    return lambda what: f"{what.chapter}{words}."


_SENTENCES: dict[str, Callable[[Happening], str]] = {
    EventKind.SESSION_STARTED: _by("started the session", "The session was started"),
    EventKind.SESSION_PAUSED: _paused,
    EventKind.SESSION_RESUMED: _by("resumed the session", "The session goes on"),
    EventKind.SESSION_CANCELLED: _by("cancelled the session", "The session was cancelled"),
    EventKind.SESSION_RESTARTED: _by("started the session again", "The session was started again"),
    EventKind.SESSION_RETRIED: _by("asked to try again", "The session is tried again"),
    EventKind.SESSION_FAILED: _session_failed,
    EventKind.SESSION_COMPLETED: _completed,
    EventKind.WRITING_STARTED: _always("The writing has begun."),
    EventKind.WRITING_FINISHED: _writing_finished,
    EventKind.HARMONIZING_STARTED: _always("The chapters are being compared with each other."),
    EventKind.HARMONIZING_FAILED: _phase_failed("Harmonizing"),
    EventKind.HARMONIZING_FINISHED: _always("The chapters agree with each other."),
    EventKind.MODEL_FAILED: _model_failed,
    EventKind.QUESTIONS_STARTED: _always("Open questions are being looked for."),
    EventKind.QUESTIONS_FAILED: _phase_failed("Looking for questions"),
    EventKind.QUESTIONS_ASKED: _asked,
    EventKind.QUESTIONS_REQUESTED: _by("asked for the questions again", "The questions are looked for again"),
    EventKind.CHAPTER_CLAIMED: _started,
    EventKind.CHAPTER_GENERATED: _generated,
    EventKind.ATTEMPT_FAILED: _attempt_failed,
    EventKind.CHAPTER_FAILED: _failed,
    EventKind.WORKER_LOST: _about_chapter(": its worker stopped in the middle; it is pending again"),
    EventKind.ATTEMPT_STOPPED: _about_chapter(" was put back, because its worker stopped"),
    EventKind.ATTEMPT_CANCELLED: _about_chapter(
        ": the attempt was stopped, because the session was cancelled"
    ),
    EventKind.HELD_BACK: _held_back,
    EventKind.BUDGET_REACHED: _about_chapter(" was put back, because its next call would pass the budget"),
    EventKind.BUDGET_RAISED: _budget_raised,
    EventKind.CHAPTER_RETRIED: _retried,
    EventKind.REGENERATION_REQUESTED: _requested,
    EventKind.REGENERATION_FAILED: _not_regenerated,
    EventKind.REGENERATION_WITHDRAWN: _withdrawn,
    EventKind.CHAPTER_REGENERATED: _regenerated,
    EventKind.CHAPTER_HARMONIZED: _harmonized,
    EventKind.CHAPTER_COMPLETED: _about_chapter(" is complete"),
    EventKind.CHAPTER_OUTDATED: _outdated,
    EventKind.CHANGE_APPLIED: _change("applied", "applied"),
    EventKind.CHANGE_UNDONE: _change("undid", "undone"),
    EventKind.CHANGE_KEPT: _change("kept", "kept"),
    EventKind.CHANGE_DISMISSED: _change("dismissed", "dismissed"),
    EventKind.QUESTION_ANSWERED: _by("answered a question", "A question was answered"),
    EventKind.QUESTION_DISMISSED: _by("put a question aside", "A question was put aside"),
}
