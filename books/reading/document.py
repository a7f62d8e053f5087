"""A chapter as the API and the JSON export give it: metadata, content, source references, how it was made."""

from datetime import datetime

from books.models import Chapter, ChapterRevision

from .sources import PassageView

Document = dict[str, dict[str, object]]

UNSTARTED = "pending"
# What each value was called before it had the name of the specification: given beside it until 1.0.
_OLD = {
    "metadata": {"version": "book_version", "generated_at": "created_at", "agent": "generation_agent"},
    "content": {"markdown": "markdown_text"},
    "source_references": {
        "node_ids": "storyline_node_ids",
        "chunk_ids": "transcript_chunk_ids",
        "confidence": "source_confidence",
    },
    "generation_metadata": {
        "session_id": "processing_session_id",
        "generated_at": "generation_timestamp",
    },
}


def chapter_document(chapter: Chapter) -> Document:
    """Return a chapter's four keys. One that is not written has an empty text and nulls.

    Reads `version.book`, `node`, `current_revision` and `item` of the chapter: select them for many chapters.
    """
    item = getattr(chapter, "item", None)
    status = str(item.status) if item else UNSTARTED
    session_id = str(item.session_id) if item else None
    revision = chapter.current_revision
    if revision is None:
        return _unwritten(chapter, status, session_id)
    is_harmonized = item is not None and item.is_harmonized
    return _written(chapter, revision, status, session_id, is_harmonized=is_harmonized)


def _written(
    chapter: Chapter, revision: ChapterRevision, status: str, session_id: str | None, *, is_harmonized: bool
) -> Document:
    made_in = str(revision.session_id) if revision.session_id else session_id
    written_at = _time(revision.created_at)
    document: Document = {
        "metadata": {
            **_identity(chapter, status),
            "title": revision.title or chapter.title,
            "word_count": revision.word_count,
            "quality_score": revision.quality_score,
            "created_at": written_at,
            "generation_agent": revision.agent,
        },
        "content": {
            "markdown_text": revision.markdown,
            "themes": revision.themes,
            "participants": revision.participants,
            "tags": revision.tags,
        },
        "source_references": {
            "storyline_node_ids": [chapter.node.key],
            "transcript_chunk_ids": revision.source_chunk_ids,
            "source_confidence": revision.confidence,
        },
        "generation_metadata": {
            "agent_type": revision.agent,
            "processing_session_id": made_in,
            "generation_timestamp": written_at,
            "harmonization_applied": is_harmonized,
            "quality_metrics": revision.quality_metrics,
            "revision": revision.number,
            "origin": revision.origin,
            "usage": revision.usage,
        },
    }
    return _with_old_names(document)


def passage_document(passage: PassageView) -> dict[str, object]:
    """Return one passage as the API gives it; times are seconds from the recording's start."""
    return {
        "paragraph": passage.paragraph,
        "quote": passage.quote,
        "chunk_id": passage.chunk_id,
        "text": passage.text,
        "speaker": passage.speaker,
        "source": passage.source,
        "start_seconds": passage.start_seconds,
        "end_seconds": passage.end_seconds,
    }


def _unwritten(chapter: Chapter, status: str, session_id: str | None) -> Document:
    document: Document = {
        "metadata": {
            **_identity(chapter, status),
            "title": chapter.title,
            "word_count": 0,
            "quality_score": None,
            "created_at": None,
            "generation_agent": None,
        },
        "content": {"markdown_text": "", "themes": [], "participants": [], "tags": []},
        "source_references": {
            "storyline_node_ids": [chapter.node.key],
            "transcript_chunk_ids": [],
            "source_confidence": None,
        },
        "generation_metadata": {
            "agent_type": None,
            "processing_session_id": session_id,
            "generation_timestamp": None,
            "harmonization_applied": False,
            "quality_metrics": {},
            "revision": None,
            "origin": None,
            "usage": {},
        },
    }
    return _with_old_names(document)


def _with_old_names(document: Document) -> Document:
    """Return the document with the names that its values had before, behind those that they have now."""
    return {key: part | {old: part[new] for old, new in _OLD[key].items()} for key, part in document.items()}


def _identity(chapter: Chapter, status: str) -> dict[str, object]:
    return {
        "chapter_id": chapter.chapter_id,
        "book_id": chapter.version.book.book_id,
        "book_title": chapter.version.book.title,
        "book_version": chapter.version.name,
        "chapter_number": chapter.number,
        "status": status,
    }


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="microseconds")
