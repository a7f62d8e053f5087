"""A book as JSON: of each written chapter the four keys of the API, its citations and their sources."""

import json
from typing import IO

from books.reading import chapter_document

from .manuscript import Manuscript, WrittenChapter

FORMAT_NAME = "chapterflow-book/1"
# How deep a chapter stands in the document, which is how far its lines are indented.
_DEPTH = "  "


def json_file(manuscript: Manuscript, target: IO[bytes]) -> None:
    """Write the whole book as one UTF-8 JSON document, a chapter at a time."""
    version = manuscript.version
    document = {
        "format": FORMAT_NAME,
        "book": {**manuscript.book.card(), "description": manuscript.book.description},
        "version": {
            "version": version.name,
            "dependencies": version.dependencies,
            "created_at": version.created_at.isoformat(timespec="microseconds"),
            "chapter_count": len(manuscript.entries) + len(manuscript.unwritten),
            "unwritten_chapters": list(manuscript.unwritten),
        },
        "note": manuscript.imprint,
    }
    target.write(_json(document).removesuffix("\n}").encode() + b',\n "chapters": [')
    before = f"\n{_DEPTH}"
    for written in manuscript.chapters(with_source_text=True):
        # No line ends but those of the indentation: within texts they are escaped.
        target.write((before + _json(_chapter(written)).replace("\n", f"\n{_DEPTH}")).encode())
        before = f",\n{_DEPTH}"
    target.write(b"\n ]\n}")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _chapter(written: WrittenChapter) -> dict[str, object]:
    """Each source's text stands once in its chapter; citations name it by `chunk_id`."""
    citations = [
        {"paragraph": passage.paragraph, "quote": passage.quote, "chunk_id": passage.chunk_id}
        for passage in written.passages
    ]
    sources = [
        {
            "chunk_id": source.chunk_id,
            "text": source.text,
            "speaker": source.speaker,
            "source": source.source,
            "start_seconds": source.start_seconds,
            "end_seconds": source.end_seconds,
        }
        for source in written.sources
    ]
    return {**chapter_document(written.chapter), "citations": citations, "sources": sources}
