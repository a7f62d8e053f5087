"""What the API takes and gives of books and outlines."""

from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

from books.models import Dependencies
from books.preferences.schema import preferences_schema
from books.speakers import names_schema
from chapterflow_site.api_base.types import Moment, Page, Request

_BOOKS_PREFERENCES = "What the writer is asked for in all versions that do not say otherwise themselves."
_OWN_PREFERENCES = (
    "What this version’s writer is asked for beside, or other than, what the book’s own preferences say. "
    "A new version starts with those of the one before it, but for what its upload says."
)
_WRITER = "Who writes the book where a start does not say; empty: the installation’s default."

SpeakerNames = Annotated[dict[str, str], WithJsonSchema(names_schema())]
Preferences = Annotated[dict[str, object], WithJsonSchema(preferences_schema())]
_MODE = "On what chapters depend: `sequential` (each on the one before) or `graph` (by the links)."


class BookFields(Request):
    """What may be said of a book. On a change, what is left out stays."""

    title: str = Field(
        "", max_length=300, description="Without one: “Untitled book”.", examples=["The Ferry House"]
    )
    subtitle: str = Field(default="", max_length=500, description="The line below the title.")
    author: str = Field(default="", max_length=300, description="Whose book it is.")
    language: str = Field(
        default="en",
        max_length=35,
        description=(
            "A tag like en, de or pt-BR, or a name like German. "
            "A book that is made without one takes that of its first storyline that tells it."
        ),
    )
    description: str = Field(default="", description="What the book is about.")
    preferences: Preferences = Field(default_factory=dict, description=_BOOKS_PREFERENCES)
    writer: str = Field(default="", max_length=200, description=_WRITER, examples=["quotations"])


class NewBook(BookFields):
    """A book to be made."""

    book_id: str | None = Field(
        default=None,
        max_length=80,
        description="Lower-case letters, digits, hyphens; made from the title where it is left out.",
        examples=["ferry-house"],
        json_schema_extra={"pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"},
    )


class Book(BaseModel):
    """A book."""

    book_id: str = Field(description="Its public name, part of many addresses.", examples=["ferry-house"])
    title: str
    subtitle: str
    author: str
    language: str
    description: str
    preferences: Preferences = Field(description=_BOOKS_PREFERENCES)
    writer: str = Field(description=_WRITER, examples=["quotations"])
    versions: list[str] = Field(description="Its versions, the oldest first.", examples=[["v1", "v2"]])
    created_at: Moment
    updated_at: Moment


class BookPage(Page[Book]):
    """Books, the newest first."""


class OutlineChapter(BaseModel):
    """A chapter to be."""

    number: int = Field(description="Its place in the order of writing, from 1.")
    title: str
    node: str = Field(description="The id of its storyline node, as uploaded.", examples=["n-12"])
    dependencies: list[int] = Field(description="Numbers of the chapters that it is written after.")
    chunk_count: int = Field(description="How many chunks it rests on; 0: on its summary alone.")
    word_count: int = Field(description="Words of its sources.")


class Span(BaseModel):
    """From the least to the most that is expected."""

    low: float
    high: float


class Cost(BaseModel):
    """From the least to the most that is expected, in US dollars."""

    low: str = Field(examples=["0.420000"])
    high: str = Field(examples=["1.870000"])


class Estimate(BaseModel):
    """What the book will come to; null is “not known”."""

    words: Span | None = Field(description="Words of the finished book.")
    seconds: Span | None = Field(description="Time of the writing.")
    costs_nothing: bool | None = Field(description="Null: no price is known.")
    input_tokens: Span | None = Field(description="Tokens sent to language models.")
    output_tokens: Span | None = Field(description="Tokens received from language models.")
    cost: Cost | None = Field(description="US dollars for language models; null: no price is known.")


class VersionSummary(BaseModel):
    """One generation of a book from one storyline."""

    book_id: str
    version: str = Field(examples=["v1"])
    dependencies: str = Field(description=_MODE, examples=["sequential"])
    preferences: Preferences = Field(description=_OWN_PREFERENCES)
    effective_preferences: Preferences = Field(
        description="All that its writer is asked for; fixed once it is started."
    )
    chapter_count: int
    chunk_count: int = Field(description="Chunks that its nodes name.")
    word_count: int = Field(description="Words of these chunks.")
    session_id: str | None = Field(description="Its session, once it is started.")
    created_at: Moment
    started_at: Moment | None


class VersionPage(Page[VersionSummary]):
    """The versions of a book, the newest first."""


class Notice(BaseModel):
    """What should be known of an upload that was taken: a key that was not read, a book without any source text."""

    code: str = Field(examples=["not_read"])
    place: str = Field(description="What it is about.", examples=["nodes"])
    message: str = Field(examples=["“mood” in 12 nodes is kept, but not read."])


class UnnamedSpeaker(BaseModel):
    """A label of the recording that names nobody."""

    label: str = Field(examples=["SPEAKER_00"])
    name: str = Field(description="Who it is, as the person answered; empty where nobody has said.")
    samples: list[str] = Field(description="Some of what is said under the label.")


class RepeatedSentence(BaseModel):
    """What a speech recognition repeated without end; it is left out, and its words are not counted."""

    sentence: str
    count: int


class Version(VersionSummary):
    """A version with its outline."""

    outline: list[OutlineChapter] = Field(description="The chapters to be, in the order of writing.")
    estimate: Estimate
    notices: list[Notice] = Field(description="What should be known before the start.")
    speakers: list[UnnamedSpeaker] = Field(description="Labels that name nobody: who are they?")
    repeated: list[RepeatedSentence]


class OutlineChange(Request):
    """What to change of an outline before the start; what is left out stays."""

    dependencies: str | None = Field(
        default=None,
        description=_MODE,
        examples=[Dependencies.GRAPH.value],
        json_schema_extra={"enum": [*Dependencies.values, None]},
    )
    order: list[str] | None = Field(
        default=None,
        description="The ids of all nodes, in the order to write them.",
        examples=[["n-2", "n-1"]],
    )
    preferences: Preferences | None = Field(default=None, description=_OWN_PREFERENCES)
    speaker_names: SpeakerNames | None = Field(
        default=None,
        description="Who hides behind the recording’s labels, all answers. May be said after the start, too: the names "
        "stand in the sources at once, and in chapters that are written from then on.",
        examples=[{"SPEAKER_00": "Ann Smith"}],
    )


class StoredChunks(BaseModel):
    """Chunks that nodes of later storylines may name."""

    book_id: str
    chunk_count: int = Field(description="How many chunks were sent.")
    chunk_ids: list[str] = Field(description="Their ids, in the order sent.")
