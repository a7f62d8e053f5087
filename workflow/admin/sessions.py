"""Processing sessions in the admin: what can be done to them calls the same actions as the board."""

from collections.abc import Callable, Sequence
from functools import partial

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from books.models import Book
from chapterflow_site.admin import (
    MOST_LINKS,
    Page,
    ReadOnlyAdmin,
    YesNoFilter,
    act_on_each,
    actor_of,
    ask_first,
    counted,
    link_to_rows,
    list_of_links,
)
from chapterflow_site.core.exceptions import Conflict
from workflow import actions
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.models import (
    Attempt,
    ChapterWorkflowItem,
    Event,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
)
from workflow.progress.progress import written_percent
from workflow.progress.spending import budget_of, of_session

from .content import pages_of_session

RETRIED = counted("%(count)d session is tried again.", "%(count)d sessions are tried again.")
PAUSED = counted("%(count)d session is paused.", "%(count)d sessions are paused.")
RESUMED = counted("%(count)d session goes on.", "%(count)d sessions go on.")
RESTARTED = counted("%(count)d session was started again.", "%(count)d sessions were started again.")
ASKED_AGAIN = counted(
    "Questions are asked again in %(count)d session.", "Questions are asked again in %(count)d sessions."
)
REWRITTEN = counted(
    "The outdated chapters of %(count)d session are to be written again.",
    "The outdated chapters of %(count)d sessions are to be written again.",
)
CANCELLED = counted("%(count)d session was cancelled.", "%(count)d sessions were cancelled.")


@admin.register(ProcessingSession)
class ProcessingSessionAdmin(ReadOnlyAdmin[ProcessingSession]):
    """Runs over versions."""

    list_display = (
        "version", "status_words", "progress", "written", "failed_count", "writer", "updated_at",
    )  # fmt: skip
    list_filter = (
        "status",
        ("paused_at", YesNoFilter),
        "dependencies",
        "on_failure",
        "writer",
    )
    list_select_related = ("version__book",)
    search_fields = ("id", "version__book__title", "version__book__book_id", "version__book__owner__username")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    actions = ("retry", "pause", "resume", "restart", "ask_questions_again", "regenerate_outdated", "cancel")
    fieldsets = (
        (None, {"fields": ("id", "version", "status_words", "progress", "written", "failed_count",
                           "error_code", "error_message", "questions_error")}),
        ("Chapters and history", {"fields": ("items_list", "rows")}),
        ("Options", {"fields": ("writer", "dependencies", "on_failure", "parallel_chapters", "started_by",
                                "idempotency_key")}),
        ("Spending", {"fields": ("spent", "tokens", "budget", "reserved_micros", "reserved_tokens",
                                 "unreported_count", "unpriced_count")}),
        ("Times", {"fields": ("created_at", "started_at", "paused_at", "harmonized_at", "questioned_at",
                              "finished_at", "updated_at", "next_attempt_at", "woken_at", "held_back_at",
                              "held_back_by")}),
        ("Claim of harmonizing and questions", {"fields": ("owner", "token", "lease_expires_at", "attempt_count",
                                                           "retry_count", "lost_count", "rate_limited_at")}),
    )  # fmt: skip

    def book_of(self, row: ProcessingSession) -> Book:
        """Return the session's book."""
        return row.version.book

    def pages_of(self, row: ProcessingSession) -> Sequence[Page]:
        """Return the board and the pages beside it."""
        return pages_of_session(row.version)

    @admin.display(description="Status", ordering="status")
    def status_words(self, row: ProcessingSession) -> str:
        """The status, and whether the session is paused, and why where no person did it."""
        if row.is_over_budget:
            return f"{row.get_status_display()}, paused: {row.get_pause_reason_display().lower()}"
        return f"{row.get_status_display()}, paused" if row.is_paused else row.get_status_display()

    @admin.display(description="Spent")
    def spent(self, row: ProcessingSession) -> str:
        """The money, as far as prices are known."""
        return of_session(row).cost

    @admin.display(description="Tokens")
    def tokens(self, row: ProcessingSession) -> str:
        """Tokens in and out, with what the servers did not report."""
        used = of_session(row)
        return f"{used.sent} in, {used.received} out. {used.doubt}".strip()

    @admin.display(description="Budget", empty_value="none")
    def budget(self, row: ProcessingSession) -> str | None:
        """Where the writing stops; it is raised on the board."""
        return budget_of(row) or None

    @admin.display(description="Progress")
    def progress(self, row: ProcessingSession) -> str:
        """The percentage that the board shows."""
        return f"{written_percent(row)} %"

    @admin.display(description="Written", ordering="written_count")
    def written(self, row: ProcessingSession) -> str:
        """How many chapters have a text."""
        return f"{row.written_count} of {row.total_chapters}"

    @admin.display(description="Chapters")
    def items_list(self, row: ProcessingSession) -> SafeString:
        """The items with their status, as far as a page takes them, and links to those of each status."""
        items = row.items.select_related("chapter").order_by("number")[:MOST_LINKS]
        labels = [(item, f"{item.chapter}: {item.get_status_display()}") for item in items]
        everything = link_to_rows(ChapterWorkflowItem, row.total_chapters, session__id__exact=row.pk)
        failed = link_to_rows(
            ChapterWorkflowItem, row.failed_count, session__id__exact=row.pk, status__exact=ItemStatus.FAILED
        )
        links = list_of_links(labels, row.total_chapters, everything)
        return format_html("{}<p>Failed: {}</p>", links, failed) if row.failed_count else links

    @admin.display(description="Also")
    def rows(self, row: ProcessingSession) -> SafeString:
        """Links to everything else that belongs to the session."""
        related: tuple[type[Attempt | Event | HarmonizationChange | FollowUpQuestion], ...] = (
            Event, Attempt, HarmonizationChange, FollowUpQuestion,
        )  # fmt: skip
        links = [
            link_to_rows(model, model._default_manager.filter(session=row).count(), session__id__exact=row.pk)
            for model in related
        ]
        return format_html("{} · {} · {} · {}", *links)

    @admin.action(permissions=["act"], description="Retry what failed")
    def retry(self, request: HttpRequest, sessions: QuerySet[ProcessingSession]) -> None:
        """Try all failed chapters, or the harmonizing, again."""
        self._act(request, sessions, actions.retry_session, RETRIED)

    @admin.action(permissions=["act"], description="Pause")
    def pause(self, request: HttpRequest, sessions: QuerySet[ProcessingSession]) -> None:
        """Claim nothing more."""
        self._act(request, sessions, actions.pause_session, PAUSED)

    @admin.action(permissions=["act"], description="Resume")
    def resume(self, request: HttpRequest, sessions: QuerySet[ProcessingSession]) -> None:
        """Let paused sessions go on."""
        self._act(request, sessions, actions.resume_session, RESUMED)

    @admin.action(permissions=["act"], description="Start cancelled sessions again")
    def restart(self, request: HttpRequest, sessions: QuerySet[ProcessingSession]) -> None:
        """Let cancelled sessions go on."""
        self._act(request, sessions, restart_session, RESTARTED)

    @admin.action(permissions=["act"], description="Ask follow-up questions again")
    def ask_questions_again(self, request: HttpRequest, sessions: QuerySet[ProcessingSession]) -> None:
        """Ask for follow-up questions once more."""
        self._act(request, sessions, actions.ask_again, ASKED_AGAIN)

    @admin.action(permissions=["act"], description="Write outdated chapters again")
    def regenerate_outdated(self, request: HttpRequest, sessions: QuerySet[ProcessingSession]) -> None:
        """Have every outdated chapter written again."""
        self._act(request, sessions, actions.regenerate_outdated, REWRITTEN)

    @admin.action(permissions=["act"], description="Cancel")
    def cancel(self, request: HttpRequest, sessions: QuerySet[ProcessingSession]) -> HttpResponse | None:
        """Cancel at once, after asking."""
        question = "Cancel these sessions? What is being written is stopped; written chapters are kept."
        page = ask_first(self, request, sessions, question, "Cancel the sessions")
        if page is None:
            self._act(request, sessions, actions.cancel_session, CANCELLED)
        return page

    def _act(
        self,
        request: HttpRequest,
        sessions: QuerySet[ProcessingSession],
        action: Callable[..., object],
        done: Callable[[int], str],
    ) -> None:
        act_on_each(self, request, sessions, partial(action, actor=actor_of(request)), done)


def restart_session(session: ProcessingSession, *, actor: User) -> ProcessingSession:
    """Let a cancelled session go on. Raises Conflict for any other, which is under way or at its end."""
    if session.status != SessionStatus.CANCELLED:
        raise Conflict("not_cancelled", "Only a cancelled session can be started again.")
    return actions.start_session(session.version, actor=actor)[0]
