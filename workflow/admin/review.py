"""The harmonizer's changes and rules and the follow-up questions in the admin, decided by the pages' own actions."""

from collections.abc import Callable, Sequence
from functools import partial

from django import forms
from django.contrib import admin
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from books.models import Book
from chapterflow_site.admin import Page, ReadOnlyAdmin, SiteAdmin, act_on_each, actor_of, counted, json_field
from workflow import actions
from workflow.harmonization import RULES
from workflow.models import ConsistencyRule, FollowUpQuestion, HarmonizationChange

LONGEST_WORDS = 80
UNDONE = counted("%(count)d change was undone.", "%(count)d changes were undone.")
APPLIED = counted("%(count)d change was applied.", "%(count)d changes were applied.")
KEPT = counted("%(count)d change is kept.", "%(count)d changes are kept.")
DISMISSED = counted("%(count)d suggestion was put aside.", "%(count)d suggestions were put aside.")
QUESTIONS_DISMISSED = counted("%(count)d question was put aside.", "%(count)d questions were put aside.")


@admin.register(HarmonizationChange)
class HarmonizationChangeAdmin(ReadOnlyAdmin[HarmonizationChange]):
    """What the harmonizer changed or suggests."""

    list_display = ("chapter", "rule", "severity", "status", "words", "decided_by", "decided_at")
    list_filter = ("status", "rule", "severity")
    list_select_related = ("chapter", "decided_by")
    search_fields = ("chapter__chapter_id", "chapter__title", "find", "replace", "reason")
    date_hierarchy = "created_at"
    ordering = ("-session__created_at", "chapter__number", "offset", "pk")
    show_full_result_count = False
    actions = ("undo", "apply", "keep", "dismiss")
    fields = (
        "session", "chapter", "rule", "severity", "status", "find", "replace", "before", "after", "offset", "reason",
        "grounds", "revision", "decided_by", "decided_at", "created_at",
    )  # fmt: skip
    grounds = json_field("evidence")

    def book_of(self, row: HarmonizationChange) -> Book:
        """Return the chapter's book."""
        return row.chapter.version.book

    def pages_of(self, row: HarmonizationChange) -> Sequence[Page]:
        """Return the review of the version."""
        version = row.chapter.version
        return [("Review", reverse("review", args=[version.book.book_id, version.number]))]

    @admin.display(description="Words", ordering="find")
    def words(self, row: HarmonizationChange) -> str:
        """What stood there and what shall stand there, the beginnings of both."""
        find = Truncator(row.find).chars(LONGEST_WORDS)
        return find if row.replace is None else f"{find} → {Truncator(row.replace).chars(LONGEST_WORDS)}"

    @admin.action(permissions=["act"], description="Undo")
    def undo(self, request: HttpRequest, changes: QuerySet[HarmonizationChange]) -> None:
        """Take applied changes back."""
        self._decide(request, changes, actions.undo_change, UNDONE)

    @admin.action(permissions=["act"], description="Apply")
    def apply(self, request: HttpRequest, changes: QuerySet[HarmonizationChange]) -> None:
        """Make suggested or undone changes."""
        self._decide(request, changes, actions.apply_change, APPLIED)

    @admin.action(permissions=["act"], description="Keep")
    def keep(self, request: HttpRequest, changes: QuerySet[HarmonizationChange]) -> None:
        """Note that applied changes were looked at."""
        self._decide(request, changes, actions.keep_change, KEPT)

    @admin.action(permissions=["act"], description="Put suggestions aside")
    def dismiss(self, request: HttpRequest, changes: QuerySet[HarmonizationChange]) -> None:
        """Put suggestions aside."""
        self._decide(request, changes, actions.dismiss_change, DISMISSED)

    def _decide(
        self,
        request: HttpRequest,
        changes: QuerySet[HarmonizationChange],
        action: Callable[..., object],
        done: Callable[[int], str],
    ) -> None:
        act_on_each(self, request, changes, partial(action, actor=actor_of(request)), done)


@admin.register(FollowUpQuestion)
class FollowUpQuestionAdmin(ReadOnlyAdmin[FollowUpQuestion]):
    """Questions to the persons whose books these are."""

    list_display = (
        "text",
        "version",
        "chapter",
        "category",
        "priority",
        "status",
        "answered_by",
        "created_at",
    )
    list_filter = ("status", "priority", "category")
    list_select_related = ("version__book", "chapter", "answered_by")
    search_fields = (
        "text",
        "answer",
        "chapter__chapter_id",
        "version__book__book_id",
        "version__book__title",
    )
    date_hierarchy = "created_at"
    ordering = ("-version", "priority", "pk")
    show_full_result_count = False
    actions = ("put_aside",)
    fields = (
        "text", "version", "session", "chapter", "category", "priority", "status", "reason", "grounds", "answer",
        "answered_by", "answered_at", "created_at", "key",
    )  # fmt: skip
    grounds = json_field("evidence")

    def book_of(self, row: FollowUpQuestion) -> Book:
        """Return the version's book."""
        return row.version.book

    def pages_of(self, row: FollowUpQuestion) -> Sequence[Page]:
        """Return the questions of the version."""
        return [("Questions", reverse("questions", args=[row.version.book.book_id, row.version.number]))]

    @admin.action(permissions=["act"], description="Put aside")
    def put_aside(self, request: HttpRequest, questions: QuerySet[FollowUpQuestion]) -> None:
        """Put questions aside; answers that were given are kept."""
        act = partial(actions.dismiss_question, actor=actor_of(request))
        act_on_each(self, request, questions, act, QUESTIONS_DISMISSED)


@admin.register(ConsistencyRule)
class ConsistencyRuleAdmin(SiteAdmin[ConsistencyRule]):
    """The harmonizer's rules as they are switched for books; a rule without a row is on."""

    list_display = ("key", "book", "is_enabled", "updated_at")
    list_filter = ("is_enabled", "key")
    list_select_related = ("book",)
    search_fields = ("key", "book__book_id", "book__title")
    ordering = ("-updated_at",)
    autocomplete_fields = ("book",)
    fields = ("book", "key", "is_enabled", "updated_at")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ConsistencyRule | None = None
    ) -> tuple[str, ...]:
        """A row is switched, and stays with its rule and its book."""
        return ("book", "key", "updated_at") if obj else ("updated_at",)

    def formfield_for_dbfield(
        self, db_field: "Field[object, object]", request: HttpRequest, **kwargs: object
    ) -> forms.Field | None:
        """Offer the rules that there are."""
        if db_field.name == "key":
            return forms.ChoiceField(choices=[(rule.key, rule.title) for rule in RULES], label="Rule")
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(
        self, request: HttpRequest, obj: ConsistencyRule, form: forms.ModelForm[ConsistencyRule], change: bool
    ) -> None:
        """Switch the rule as the review page does."""
        row = actions.switch_rule(obj.book, obj.key, enabled=obj.is_enabled, actor=actor_of(request))
        obj.pk = row.pk
