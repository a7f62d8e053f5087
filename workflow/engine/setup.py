"""Makes a session with its chapters, items and dependencies, in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from books.actions import edit_outline
from books.models import BookVersion, Chapter, Dependencies
from books.outline.listing import dependencies_of
from books.preferences.rule import preferences_of
from books.sources import title_columns, withheld_of
from chapterflow_site.core.exceptions import Invalid
from chapterflow_site.core.rows import add_values
from workflow.context.ancestors import Ancestors, find_ancestors
from workflow.contract.events import EventKind
from workflow.models import ChapterWorkflowItem, ItemDependency, ProcessingSession
from workflow.transitions import session_transaction

from .budget.limits import Limits

ROWS_PER_INSERT = 500


def make_session(
    version: BookVersion,
    *,
    actor: AbstractBaseUser | None,
    writer: str,
    dependencies: str,
    on_failure: str,
    idempotency_key: str,
    limits: Limits,
) -> tuple[ProcessingSession, bool]:
    """Make the version's session and queue its first wake-up. Returns the existing one and False where there is one.

    Raises Invalid where the version has no storyline nodes.
    """
    with transaction.atomic():
        # Two people may start the same version at once: the second waits here, and finds the first one's session.
        locked = BookVersion.objects.select_for_update().select_related("book").get(pk=version.pk)
        # Looked for under the lock; before it the answer could be out of date when it is used.
        existing = ProcessingSession.objects.filter(version=locked).first()
        if existing is not None:
            return existing, False
        fix_outline(locked, dependencies)
        session = ProcessingSession.objects.create(
            version=locked,
            writer=writer,
            dependencies=dependencies,
            on_failure=on_failure,
            idempotency_key=idempotency_key,
            started_by_id=actor.pk if actor else None,
            budget_micros=limits.micros,
            budget_tokens=limits.tokens,
            parallel_chapters=max(1, settings.CHAPTERFLOW_PARALLEL_CHAPTERS),
            total_chapters=locked.chapters.count(),
        )
        make_items(session)
        return _start(session, actor, limits), True


def _start(session: ProcessingSession, actor: AbstractBaseUser | None, limits: Limits) -> ProcessingSession:
    """Record the start of a session that was just made, and queue its first wake-up."""
    detail = {
        "writer": session.writer,
        "dependencies": session.dependencies,
        "chapters": session.total_chapters,
        **({"budget": str(limits)} if limits else {}),
    }
    with session_transaction(session.pk, "start_session") as tx:
        tx.record(EventKind.SESSION_STARTED, actor=actor, detail=detail)
        tx.wake()
    return tx.session


def fix_outline(version: BookVersion, dependencies: str) -> None:
    """Fix the version's order and preferences for good, and make its chapters. Raises Invalid where there are none."""
    if dependencies != version.dependencies:
        edit_outline(version, actor=None, dependencies=dependencies)
    nodes = list(version.nodes.order_by("place", "position"))
    if not nodes:
        raise Invalid("no_chapters", "This version has no storyline nodes, so there is nothing to write.")
    withheld = withheld_of(version)
    Chapter.objects.bulk_create(
        (
            Chapter(
                chapter_id=f"{version.book.book_id}_{version.name}_chapter_{number}",
                version=version,
                number=number,
                node=node,
                **title_columns(node.title, withheld),
            )
            for number, node in enumerate(nodes, start=1)
        ),
        batch_size=ROWS_PER_INSERT,
    )
    # Kept with the version: what a person prefers later must not change a book that is half written.
    BookVersion.objects.filter(pk=version.pk).update(
        started_at=timezone.now(), fixed_preferences=preferences_of(version)
    )


def make_items(session: ProcessingSession) -> None:
    """Make an item for each chapter, with the dependencies that the session's mode asks for."""
    needs = dependencies_of(session.version, session.dependencies)
    chapters = list(session.version.chapters.order_by("number"))
    before = _before(session, chapters, needs)
    items = ChapterWorkflowItem.objects.bulk_create(
        (
            ChapterWorkflowItem(
                session=session,
                chapter=chapter,
                number=chapter.number,
                # Counted down as chapters are written, so that "ready" is a column with an index and no search.
                unmet_count=len(needs.get(chapter.node_id, ())),
                nearest_before=list(before[chapter.number].nearest),
                before_count=before[chapter.number].count,
            )
            for chapter in chapters
        ),
        batch_size=ROWS_PER_INSERT,
    )
    of_node = {chapter.node_id: item for chapter, item in zip(chapters, items, strict=True)}
    add_values(
        ItemDependency,
        ("item", "needs"),
        (
            (item.pk, of_node[needed].pk)
            for node, item in of_node.items()
            for needed in sorted(needs.get(node, ()))
        ),
    )


def _before(
    session: ProcessingSession, chapters: Sequence[Chapter], needs: Mapping[int, frozenset[int]]
) -> Mapping[int, Ancestors]:
    """Return what each chapter depends on, directly or not, by its number; empty in a sequence."""
    # In a sequence the number itself says it: all lower ones.
    if session.dependencies == Dependencies.SEQUENTIAL:
        return defaultdict(Ancestors)
    number = {chapter.node_id: chapter.number for chapter in chapters}
    return find_ancestors(
        {number[node]: sorted(number[needed] for needed in needs.get(node, ())) for node in number}
    )
