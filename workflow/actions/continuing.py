"""What a storyline that is given again stands for: the session that goes on where it stopped, or a new one."""

from collections.abc import Mapping

from django.contrib.auth.models import User

from books.models import BookVersion
from books.preferences.rule import preferences_of
from books.storyline import StorylineDocument
from books.storyline.values.digest import storyline_digest
from books.writers import writer_of
from workflow.contract.states import UNFINISHED, SessionStatus
from workflow.engine.budget.limits import Limits
from workflow.models import ProcessingSession

from .budget import raise_budget
from .sessions import resume_session, retry_session, start_session


def find_started(
    document: StorylineDocument, *, owner: User, writer: str | None, dependencies: str, on_failure: str
) -> BookVersion | None:
    """Return the owner's newest started version of the same storyline and options; None where there is none.

    The writer must be the one that would be chosen now, and the version must hold to the preferences in the document.
    """
    same = BookVersion.objects.filter(
        book__owner=owner,
        storyline_digest=storyline_digest(document),
        session__dependencies=dependencies,
        session__on_failure=on_failure,
    ).select_related("book", "session")
    wishes = document.book.preferences
    return next((each for each in same.order_by("-created_at") if _is_as_asked(each, writer, wishes)), None)


def _is_as_asked(version: BookVersion, writer: str | None, wishes: Mapping[str, object]) -> bool:
    held = preferences_of(version)
    is_held = all(held.get(key) == value for key, value in wishes.items())
    return is_held and version.session.writer == writer_of(version.book, writer)


def start_or_continue(
    version: BookVersion,
    *,
    actor: User | None,
    writer: str | None = None,
    dependencies: str | None = None,
    on_failure: str | None = None,
    limits: Limits | None = None,
) -> ProcessingSession:
    """Start the version; where it was started before, let it go on, whatever it has stopped for.

    A cancelled session is restarted. One that is over its budget gets `limits` where they are others, else it is
    resumed; any other keeps the budget that it has. What has failed is retried. Raises Conflict and Invalid, as
    `start_session`, `raise_budget` and `resume_session` do.
    """
    is_there = ProcessingSession.objects.filter(version=version).exists()
    session, _ = start_session(
        version,
        actor=actor,
        writer=writer,
        dependencies=dependencies,
        on_failure=on_failure,
        limits=None if is_there else limits,
    )
    if session.is_over_budget:
        session = _past_budget(session, limits, actor)
    if session.status == SessionStatus.FAILED or (session.failed_count and session.status not in UNFINISHED):
        retry_session(session, actor=actor)
        session.refresh_from_db()
    return session


def _past_budget(session: ProcessingSession, limits: Limits | None, actor: User | None) -> ProcessingSession:
    if limits and limits != Limits.of(session):
        return raise_budget(session, limits, actor=actor)
    return resume_session(session, actor=actor)
