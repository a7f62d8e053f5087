"""Versions as the API gives them."""

from decimal import Decimal

from books.models import BookVersion
from books.outline.listing import OutlineRow, outline_of
from books.preferences.rule import preferences_of
from books.sources import notices_of
from books.speakers import repeated_sentences, unnamed_speakers
from books.storyline.values.estimate import Estimate, Span

from . import schemas


def version_shown(version: BookVersion, writer: str | None = None) -> schemas.Version:
    """Return a version with its outline, and an estimate for `writer` or the installation's default."""
    outline = outline_of(version, writer)
    return schemas.Version(
        **summary_shown(version).__dict__,
        outline=[_chapter(row) for row in outline.rows],
        estimate=_estimate(outline.estimate),
        notices=notices_shown(version, has_no_source_text=outline.has_no_source_text),
        speakers=[
            schemas.UnnamedSpeaker(label=each.label, name=each.name, samples=list(each.samples))
            for each in unnamed_speakers(version)
        ],
        repeated=[
            schemas.RepeatedSentence(sentence=each.sentence, count=each.count)
            for each in repeated_sentences(version)
        ],
    )


def notices_shown(version: BookVersion, *, has_no_source_text: bool) -> list[schemas.Notice]:
    """Return what should be known of a version's upload."""
    notices = [schemas.Notice(**notice) for notice in notices_of(version)]
    if has_no_source_text:
        sentence = "The book has no source text: nothing can be quoted, and each chapter becomes its summary."
        notices.insert(0, schemas.Notice(code="no_source_text", place="chunks", message=sentence))
    return notices


def summary_shown(version: BookVersion) -> schemas.VersionSummary:
    """Return a version without its outline. Reads `book` and `session` of the version."""
    session = getattr(version, "session", None)
    return schemas.VersionSummary(
        book_id=version.book.book_id,
        version=version.name,
        dependencies=version.dependencies,
        preferences=version.preferences,
        effective_preferences=preferences_of(version),
        chapter_count=version.node_count,
        chunk_count=version.chunk_count,
        word_count=version.word_count,
        session_id=str(session.pk) if session else None,
        created_at=version.created_at,
        started_at=version.started_at,
    )


def _chapter(row: OutlineRow) -> schemas.OutlineChapter:
    return schemas.OutlineChapter(
        number=row.number,
        title=row.title,
        node=row.node_id,
        dependencies=list(row.depends_on),
        chunk_count=row.chunk_count,
        word_count=row.word_count,
    )


def _estimate(estimate: Estimate) -> schemas.Estimate:
    return schemas.Estimate(
        words=_span(estimate.words),
        seconds=_span(estimate.seconds),
        costs_nothing=estimate.costs_nothing,
        input_tokens=_span(estimate.input_tokens),
        output_tokens=_span(estimate.output_tokens),
        cost=_cost(estimate.micros),
    )


def _cost(micros: Span | None) -> schemas.Cost | None:
    if micros is None:
        return None
    low, high = (f"{Decimal(round(each)) / 1_000_000:.6f}" for each in (micros.low, micros.high))
    return schemas.Cost(low=low, high=high)


def _span(span: Span | None) -> schemas.Span | None:
    return schemas.Span(low=span.low, high=span.high) if span else None
