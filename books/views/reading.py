"""The book to read: its title page with the contents, and one chapter at a time."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from books.models import BookVersion, Chapter, TextChunk
from books.reading import listed, passages_of, render_chapter, sources_of, weak_sentences
from books.sources import rules_of

from .lookup import chapter_or_404, neighbours, version_or_404

WORDS_PER_MINUTE = 200
TELLERS_NAMED = 6


@dataclass(frozen=True)
class ContentsLine:
    """A chapter in the table of contents. `minutes` is None while it is not written."""

    number: int
    title: str
    minutes: int | None


@dataclass(frozen=True)
class Tellers:
    """Who speaks in the passages of a version, those with the most words first, and on how many recordings."""

    words: str
    recording_count: int


@login_required
@require_safe
def read(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Show the title page and the contents."""
    version = version_or_404(request, book_id, number)
    contents = list(_contents(version))
    context = {
        "section": "books",
        "version": version,
        "book": version.book,
        "contents": contents,
        "written_count": sum(line.minutes is not None for line in contents),
        "tellers": _tellers(version),
    }
    return render(request, "books/read.html", context)


@login_required
@require_safe
def read_chapter(request: HttpRequest, book_id: str, number: int, chapter: int) -> HttpResponse:
    """Show one chapter of the book, with notes that say where each thing was told."""
    version = version_or_404(request, book_id, number)
    found = chapter_or_404(version, chapter)
    revision = found.current_revision
    sources = sources_of(passages_of(revision))
    context: dict[str, object] = {
        "section": "books",
        "version": version,
        "book": version.book,
        "chapter": found,
        "sources": sources,
        **neighbours(found),
    }
    if revision:
        weak = weak_sentences(revision)
        context["weak"] = weak
        context["text"] = render_chapter(revision.markdown, sources, title=found.title, anchor="n", weak=weak)
    return render(request, "books/read_chapter.html", context)


def _contents(version: BookVersion) -> Iterator[ContentsLine]:
    rows = Chapter.objects.filter(version=version).order_by("number")
    for number, title, words in rows.values_list("number", "title", "current_revision__word_count"):
        yield ContentsLine(number, title, None if words is None else max(1, round(words / WORDS_PER_MINUTE)))


def _tellers(version: BookVersion) -> Tellers:
    chunks = TextChunk.objects.filter(nodes__version=version)
    names = (
        chunks.exclude(speaker="")
        .values("speaker")
        .annotate(said=Sum("word_count"))
        .order_by("-said", "speaker")
    )
    rules = rules_of(version)
    shown = list(dict.fromkeys(rules.name(str(row["speaker"])) for row in names[:TELLERS_NAMED]))
    counts = chunks.aggregate(
        speakers=Count("speaker", distinct=True), recordings=Count("source", distinct=True)
    )
    others = names.count() - len(shown) if len(shown) == TELLERS_NAMED else 0
    if others:
        shown.append(f"{others} other{'' if others == 1 else 's'}")
    return Tellers(listed(shown), counts["recordings"])
