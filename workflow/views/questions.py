"""The follow-up questions: asked, answered, put aside."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db.models import Case, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from books.access import is_htmx, person_of
from books.models import BookVersion
from books.sources import masked, withheld_of
from books.views.lookup import version_or_404
from chapterflow_site.core.exceptions import Invalid
from chapterflow_site.templatetags.interface import clock
from workflow import actions
from workflow.contract.states import Phase
from workflow.models import FollowUpQuestion, ProcessingSession, QuestionStatus
from workflow.progress.model_note import model_note

from .lookup import session_or_404

QUESTIONS_PER_PAGE = 50
_BY_STATUS = Case(
    When(status=QuestionStatus.OPEN, then=Value(0)),
    When(status=QuestionStatus.ANSWERED, then=Value(1)),
    default=Value(2),
)


@dataclass(frozen=True)
class ShownQuestion:
    """A question with the words that it rests on. `draft` stands in the form, `fault` says what is wrong with it."""

    question: FollowUpQuestion
    draft: str = ""
    fault: str = ""

    @property
    def category(self) -> str:
        """The category in words."""
        return self.question.category.replace("_", " ").strip().capitalize() or "Question"

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.question.status == QuestionStatus.OPEN

    @property
    def is_answered(self) -> bool:
        """Whether it has an answer."""
        return self.question.status == QuestionStatus.ANSWERED

    @property
    def quote(self) -> str:
        """What was said, in the source's own words; "" where the question rests on no quote."""
        return self._text("quote")

    @property
    def cite(self) -> str:
        """Who said it, on which recording, when."""
        seconds = self._evidence().get("start_seconds")
        place = clock(seconds) if isinstance(seconds, int | float) else ""
        return ", ".join(part for part in (self._text("speaker"), self._text("source"), place) if part)

    @property
    def is_models(self) -> bool:
        """Whether a language model asked it."""
        return bool(self._text("asked_by"))

    def _text(self, key: str) -> str:
        value = self._evidence().get(key)
        return value if isinstance(value, str) else ""

    def _evidence(self) -> dict[str, object]:
        return self.question.evidence if isinstance(self.question.evidence, dict) else {}


@login_required
@require_GET
def questions(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show the questions, the important ones first."""
    return _page(request, version_or_404(request, book_id, number))


@login_required
@require_POST
def question_answer(request: HttpRequest, question_id: int) -> HttpResponse:
    """Store an answer; one that cannot be taken is shown again with what is wrong."""
    question = _question(request, question_id)
    draft = request.POST.get("answer", "")
    try:
        actions.answer_question(question, actor=person_of(request), answer=draft)
    except Invalid as refusal:
        return _page(request, question.version, ShownQuestion(question, draft, refusal.message))
    messages.success(request, "Your answer is saved.")
    return redirect(_address(question.version))


@login_required
@require_POST
def question_dismiss(request: HttpRequest, question_id: int) -> HttpResponse:
    """Put a question aside."""
    question = actions.dismiss_question(_question(request, question_id), actor=person_of(request))
    return redirect(_address(question.version))


@login_required
@require_POST
def questions_again(request: HttpRequest, session_id: UUID) -> HttpResponse:
    """Ask once more."""
    session = session_or_404(request, session_id)
    actions.ask_again(session, actor=person_of(request))
    if is_htmx(request):
        return HttpResponse(status=204)
    messages.success(request, "The questions are being looked for again. This takes a moment.")
    return redirect(_address(session.version))


def _page(request: HttpRequest, version: BookVersion, refused: ShownQuestion | None = None) -> HttpResponse:
    session = get_object_or_404(ProcessingSession, version=version)
    rows = version.questions.order_by(_BY_STATUS, "priority", "id")
    asked = _page_of(rows, refused.question) if refused else request.GET.get("page")
    page = Paginator(rows.select_related("chapter", "answered_by"), QUESTIONS_PER_PAGE).get_page(asked)
    withheld = withheld_of(version)
    shown = list(_shown([masked(each, withheld) for each in page.object_list], refused))
    context = {
        "section": "books",
        "version": version,
        "session": session,
        "page": page,
        "total": page.paginator.count,
        "answered_count": version.questions.filter(status=QuestionStatus.ANSWERED).count(),
        "model": model_note(session, Phase.QUESTIONS),
        "open": [each for each in shown if each.is_open],
        "answered": [each for each in shown if each.is_answered],
        "dismissed": [each for each in shown if not each.is_open and not each.is_answered],
    }
    return render(request, "workflow/questions.html", context, status=422 if refused else 200)


def _page_of(rows: QuerySet[FollowUpQuestion], question: FollowUpQuestion) -> int:
    """Return the number of the page that the question is on."""
    return list(rows.values_list("pk", flat=True)).index(question.pk) // QUESTIONS_PER_PAGE + 1


def _shown(rows: Iterable[FollowUpQuestion], refused: ShownQuestion | None) -> Iterable[ShownQuestion]:
    for question in rows:
        if refused is not None and refused.question.pk == question.pk:
            yield ShownQuestion(question, refused.draft, refused.fault)
        else:
            yield ShownQuestion(question, question.answer)


def _question(request: HttpRequest, question_id: int) -> FollowUpQuestion:
    questions = FollowUpQuestion.objects.visible_to(request.user).select_related("version__book")
    return get_object_or_404(questions, pk=question_id)


def _address(version: BookVersion) -> str:
    return reverse("questions", kwargs={"book_id": version.book.book_id, "number": version.number})
