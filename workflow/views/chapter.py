"""A chapter on the workbench: its text with the passages beside it, its sources, attempts, revisions and metrics."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from books.models import Chapter
from books.reading import (
    SourceView,
    passages_of,
    passages_of_node,
    render_chapter,
    sources_of,
    weak_sentences,
    word_diff,
)
from books.sources import masked, withheld_of
from books.views.lookup import chapter_or_404, neighbours, version_or_404
from workflow.pages.chapter.again import again_notice, again_url
from workflow.pages.chapter.attempts import attempts_of, count_attempts, spent_on
from workflow.pages.chapter.metrics import metrics_of
from workflow.pages.chapter.progress_line import progress_line_of
from workflow.pages.chapter.revisions import compared, writing_words

MOST_REVISIONS = 100


@login_required
@require_safe
def chapter(request: HttpRequest, book_id: str, number: int, chapter: int) -> HttpResponse:
    """Show the text with its passages, or say why there is none."""
    found = _chapter(request, book_id, number, chapter)
    sources = _sources(found)
    context = _head(found, "text", len(sources))
    context["sources"] = sources
    if found.current_revision:
        weak = weak_sentences(found.current_revision)
        context["weak"] = weak
        context["text"] = render_chapter(
            found.current_revision.markdown, sources, title=found.title, weak=weak
        )
    return render(request, "workflow/chapter.html", context)


@login_required
@require_safe
def chapter_sources(request: HttpRequest, book_id: str, number: int, chapter: int) -> HttpResponse:
    """Show every passage that the text rests on, or is to rest on; `?voice=` keeps those of one speaker."""
    found = _chapter(request, book_id, number, chapter)
    sources = _sources(found)
    voice = request.GET.get("voice", "")
    context = {
        **_head(found, "sources", len(sources)),
        "sources": [source for source in sources if not voice or source.speaker == voice],
        "voices": _voices(sources),
        "voice": voice,
    }
    return render(request, "workflow/chapter_sources.html", context)


@login_required
@require_safe
def chapter_attempts(request: HttpRequest, book_id: str, number: int, chapter: int) -> HttpResponse:
    """Show every try at writing the chapter, newest first."""
    found = _chapter(request, book_id, number, chapter)
    context = {**_head(found, "attempts"), "attempts": attempts_of(found), "spent": spent_on(found)}
    return render(request, "workflow/chapter_attempts.html", context)


@login_required
@require_safe
def chapter_revisions(request: HttpRequest, book_id: str, number: int, chapter: int) -> HttpResponse:
    """Show every text that the chapter had, and what differs between two of them."""
    found = _chapter(request, book_id, number, chapter)
    withheld = withheld_of(found.version)
    rows = found.revisions.order_by("-number").select_related("created_by").defer("markdown")
    revisions = [masked(row, withheld) for row in rows[:MOST_REVISIONS]]
    newer, older = compared(revisions, request.GET.get("compare", ""), request.GET.get("with", ""))
    context = {**_head(found, "revisions"), "revisions": revisions, "newer": newer, "older": older}
    if newer and older:
        context["difference"] = word_diff(withheld.mask(older.markdown), withheld.mask(newer.markdown))
    return render(request, "workflow/chapter_revisions.html", context)


@login_required
@require_safe
def chapter_metrics(request: HttpRequest, book_id: str, number: int, chapter: int) -> HttpResponse:
    """Show what was measured of the present text, and what was found."""
    found = _chapter(request, book_id, number, chapter)
    cited = _source_count(found)
    context = {
        **_head(found, "metrics", cited),
        "metrics": metrics_of(found, cited),
        "weak": weak_sentences(found.current_revision),
    }
    return render(request, "workflow/chapter_metrics.html", context)


def _chapter(request: HttpRequest, book_id: str, number: int, chapter: int) -> Chapter:
    return chapter_or_404(version_or_404(request, book_id, number), chapter)


def _head(chapter: Chapter, tab: str, source_count: int | None = None) -> dict[str, object]:
    """What every page of the chapter shows above its tabs."""
    item = getattr(chapter, "item", None)
    return {
        "section": "books",
        "tab": tab,
        "version": chapter.version,
        "book": chapter.version.book,
        "chapter": chapter,
        "revision": chapter.current_revision,
        "chapter_count": chapter.version.chapters.count(),
        "source_count": _source_count(chapter) if source_count is None else source_count,
        "attempt_count": count_attempts(item) if item else 0,
        "revision_count": chapter.revisions.count(),
        "standing": progress_line_of(chapter),
        "written_how": writing_words(chapter),
        "again": again_notice(chapter),
        "again_url": again_url(chapter),
        **neighbours(chapter),
    }


def _sources(chapter: Chapter) -> list[SourceView]:
    """Return what the text rests on or, while there is none, what it is to be written from."""
    revision = chapter.current_revision
    return sources_of(passages_of(revision) if revision else passages_of_node(chapter.node))


def _source_count(chapter: Chapter) -> int:
    revision = chapter.current_revision
    return revision.citations.values("chunk").distinct().count() if revision else chapter.node.chunk_count


def _voices(sources: list[SourceView]) -> list[tuple[SourceView, int]]:
    """Return a source of each speaker, with how many there are of that speaker."""
    by_speaker: dict[str, list[SourceView]] = {}
    for source in sources:
        by_speaker.setdefault(source.speaker, []).append(source)
    return [(group[0], len(group)) for speaker, group in by_speaker.items() if speaker]
