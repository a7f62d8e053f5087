"""What the API gives of chapters: their documents, revisions and passages."""

from pydantic import BaseModel, ConfigDict, Field

from chapterflow_site.api_base.types import Moment, Page, old_name


class _Document(BaseModel):
    """A part of a chapter's document; keys that a later release adds are given too."""

    model_config = ConfigDict(extra="allow")


class ChapterMetadata(_Document):
    """Which chapter it is."""

    chapter_id: str = Field(examples=["ferry-house_v1_chapter_3"])
    book_id: str
    book_title: str
    book_version: str = Field(examples=["v1"])
    chapter_number: int
    title: str
    word_count: int
    status: str = Field(description="The status of its workflow item; `pending` before there is one.")
    quality_score: float | None = Field(
        description="0 to 1, made of `generation_metadata.quality_metrics.measured.parts`; null: not measured."
    )
    created_at: str | None = Field(
        description="When this text was stored; null until it is.", json_schema_extra={"format": "date-time"}
    )
    generation_agent: str | None = Field(description="Who wrote this text.", examples=["quotations"])
    version: str = old_name("book_version")
    generated_at: str | None = old_name("created_at", format="date-time")
    agent: str | None = old_name("generation_agent")


class ChapterContent(_Document):
    """What stands in it."""

    markdown_text: str = Field(description="The text; empty until it is written.")
    themes: list[str]
    participants: list[str]
    tags: list[str]
    markdown: str = old_name("markdown_text")


class SourceReferences(_Document):
    """What it rests on."""

    storyline_node_ids: list[str] = Field(description="Its storyline node; as a list of one.")
    transcript_chunk_ids: list[str] = Field(description="The chunks that the text rests on.")
    source_confidence: float | None = Field(description="0 to 1, where the writer could say.")
    node_ids: list[str] = old_name("storyline_node_ids")
    chunk_ids: list[str] = old_name("transcript_chunk_ids")
    confidence: float | None = old_name("source_confidence")


class GenerationMetadata(_Document):
    """How it was made."""

    agent_type: str | None = Field(description="The same as `metadata.generation_agent`.")
    processing_session_id: str | None = Field(description="The session that made this text.")
    generation_timestamp: str | None = Field(
        description="The same as `metadata.created_at`.", json_schema_extra={"format": "date-time"}
    )
    harmonization_applied: bool
    quality_metrics: dict[str, object] = Field(
        description="The writer’s own figures and, under `measured`, ours: `score` and its `parts` (0 to 1), "
        "`coverage`, `density`, `quoted_share`, `grounding` (how many sentences were weighed, how many are weak), "
        "`weak` (offsets in the Markdown, with the numbers, names and words that no passage has), "
        "`repetition_within`, `repetition_across`, `compared_with` (chapters), `said_before`, "
        "`runaway_paragraphs`, `leftovers`, `is_cut_off`. Null means not measured, never a fault."
    )
    session_id: str | None = old_name("processing_session_id")
    generated_at: str | None = old_name("generation_timestamp", format="date-time")


class Chapter(_Document):
    """A chapter, with the four keys that the JSON export has too."""

    metadata: ChapterMetadata
    content: ChapterContent
    source_references: SourceReferences
    generation_metadata: GenerationMetadata


class Revision(BaseModel):
    """One text of a chapter; it never changes."""

    number: int
    origin: str = Field(description="Who made it: writer, harmonizer or person.")
    title: str
    markdown: str
    word_count: int
    agent: str
    attempt: int | None = Field(description="The attempt that wrote it.")
    is_current: bool = Field(description="Whether it is the chapter’s text now.")
    created_by: str | None = Field(description="The person’s user name, where a person made it.")
    created_at: Moment


class RevisionPage(Page[Revision]):
    """The texts of a chapter, the newest first."""


class Passage(BaseModel):
    """A place in the chapter with the words that it rests on."""

    paragraph: int = Field(description="The paragraph of the chapter, from 0.")
    quote: str = Field(description="Verbatim in `text`; empty where the chapter says it in other words.")
    chunk_id: str
    text: str = Field(description="The whole chunk.")
    speaker: str
    source: str
    start_seconds: float | None = Field(description="From the start of the recording.")
    end_seconds: float | None


class PassagePage(Page[Passage]):
    """The passages of a chapter, in its order; always all of them."""
