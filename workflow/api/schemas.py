"""What the API takes and gives of sessions, their items and events, changes and questions."""

from typing import Literal

from pydantic import BaseModel, Field

from books.models import Dependencies
from chapterflow_site.api_base.types import Moment, Page, Request, old_name, one_of
from workflow.actions.review import LONGEST_ANSWER
from workflow.contract.states import ItemStatus, OnFailure, Phase, SessionStatus

from .usage_schemas import Budget, BudgetOption, Usage

_STATUS = one_of(SessionStatus.values)
_ITEM_STATUS = one_of(ItemStatus.values)


class GenerationStarted(BaseModel):
    """The answer to starting with a list of nodes."""

    session_id: str = Field(examples=["6f1c1c58-2f0e-4a40-9d1f-0d6f3a1b2c3d"])
    status: Literal["started"]
    message: str = Field(
        description="How many chapters; then what of the nodes was not read.",
        examples=["12 chapters will be written."],
    )


class SessionSummary(BaseModel):
    """A session in a list."""

    session_id: str
    book_id: str
    book_version: str = Field(examples=["v1"])
    version: str = old_name("book_version")
    status: str = Field(description=_STATUS)
    is_paused: bool = Field(description="Nothing new is begun; what is being written is finished.")
    progress_percentage: float = Field(ge=0, le=100, description="100 when it is completed and only then.")
    completed_chapters: int = Field(description="Chapters whose text is written.")
    failed_chapters: int = Field(
        description="Chapters that failed; under `skip` a completed session is without them."
    )
    total_chapters: int
    error_code: str = Field(description="Why harmonizing or questions failed last; empty if they did not.")
    error_message: str = Field(description="The same in words.")
    created_at: Moment
    finished_at: Moment | None
    updated_at: Moment


class SessionPage(Page[SessionSummary]):
    """Sessions, the newest first."""


class WorkflowStatus(SessionSummary):
    """How far a session is."""

    phase: str = Field(description=one_of(list(Phase)))
    current_chapter: int | None = Field(description="The number of the first chapter being written now.")
    current_chapter_id: str | None
    current_chapter_title: str | None
    estimated_completion: Moment | None = Field(
        description="When the writing ends as it goes now; null where that cannot be said."
    )
    message: str = Field(description="A sentence about where it stands; empty while it simply runs.")
    pause_reason: str = Field(
        description="`budget`: the next call of a model would pass the budget; empty where a person paused it, or "
        "nobody."
    )
    waits_for: list[str] = Field(
        description="The model providers that it waits for: each is at its limit of chapters at once, or has asked to "
        "slow down. It goes on by itself.",
        examples=[["openai"]],
    )
    usage: Usage
    budget: Budget
    started_at: Moment | None


class RetryAnswer(BaseModel):
    """The answer to a retry."""

    success: bool
    message: str = Field(examples=["Chapter 3 will be written again."])


class StartOptions(Request):
    """How to write a version; what is left out is the version's or the installation's default."""

    writer: str | None = Field(
        default=None,
        max_length=200,
        description="A writer that this installation offers.",
        examples=["quotations"],
    )
    dependencies: str | None = Field(
        default=None,
        description="`sequential` or `graph`.",
        examples=["sequential"],
        json_schema_extra={"enum": [*Dependencies.values, None]},
    )
    on_failure: str | None = Field(
        default=None,
        description="What happens to chapters that depend on a failed one: they wait (`hold`), or are written "
        "without it (`skip`): then the book may end without it.",
        examples=["hold"],
        json_schema_extra={"enum": [*OnFailure.values, None]},
    )
    budget: BudgetOption | None = Field(
        default=None,
        description="Where the writing pauses; the installation’s default if left out. Money only for a writer whose "
        "price is known.",
    )
    idempotency_key: str | None = Field(
        default=None, max_length=200, description="Your own name for this start."
    )


class RegenerationOptions(Request):
    """How a chapter is to be written again; all may be left out."""

    note: str = Field(
        default="",
        max_length=1_000,
        description="What the writer shall do otherwise. Selected quotations do not read it.",
        examples=["Shorter, and more of the ferry."],
    )
    writer: str | None = Field(
        default=None, max_length=200, description="Another writer for this chapter.", examples=["quotations"]
    )


class SessionStarted(BaseModel):
    """The answer to starting a version."""

    session_id: str
    created: bool = Field(description="False: the version had been started before; this is its session.")


class Item(BaseModel):
    """The state of one chapter."""

    chapter_id: str = Field(examples=["ferry-house_v1_chapter_3"])
    book_id: str
    book_version: str = Field(examples=["v1"])
    chapter_number: int = Field(description="Its place in the order of writing, from 1.")
    storyline_node_id: str = Field(description="The node that it is written from, as uploaded.")
    title: str
    status: str = Field(description=_ITEM_STATUS)
    dependencies: list[str] = Field(description="The ids of the chapters that it is written after.")
    attempt: int = Field(
        description="The number of the newest attempt, counted for ever; 0 before the first."
    )
    retry_count: int = Field(description="Failed attempts since somebody last asked for a retry.")
    wait_count: int = Field(
        description="How many of its attempts only found that the provider asked to slow down; no failed ones."
    )
    error_code: str = Field(description="Why the newest attempt failed; empty if none did.")
    error_message: str
    next_attempt_at: Moment | None = Field(description="When it is tried again by itself.")
    blocked_by: list[str] = Field(description="The ids of the failed chapters that it waits for.")
    word_count: int
    quality_score: float | None = Field(description="0 to 1; null where it was not measured.")
    is_outdated: bool = Field(description="Whether something that it rests on has changed since.")
    outdated_reason: str = Field(description="What has changed; empty if nothing has.")
    is_written_again: bool = Field(
        description="Whether it has a text, and a person has asked for another one that is not there yet."
    )
    agent_session_id: str | None = Field(
        description="The session that writes it; null until it is first begun."
    )
    created_at: Moment
    started_at: Moment | None = Field(description="When the newest attempt was begun.")
    completed_at: Moment | None = Field(description="When its present text was ready; null until it is.")
    number: int = old_name("chapter_number")
    finished_at: Moment | None = Field(
        description="When the newest attempt ended, well or not; `completed_at` is for a text only.",
        json_schema_extra={"deprecated": True},
    )


class Session(WorkflowStatus):
    """A session with its items."""

    writer: str
    dependencies: str
    on_failure: str
    workflow_items: list[Item] = Field(description="The chapters, by number.")
    items: list[Item] = old_name("workflow_items")


class Event(BaseModel):
    """What happened; never changed."""

    seq: int = Field(description="1, 2, 3 … within the session, without gaps.")
    kind: str = Field(examples=["chapter_generated"])
    chapter_id: str | None
    from_status: str | None
    to_status: str | None
    attempt: int | None
    at: Moment
    actor: str | None = Field(description="The person’s user name; null: the system.")
    detail: dict[str, object]


class Events(BaseModel):
    """What happened, in order."""

    events: list[Event]


class Attempt(BaseModel):
    """One try at writing a chapter."""

    number: int = Field(description="1, 2, 3 … counted for ever.")
    outcome: str = Field(description="running, succeeded, failed, waited, lost, stopped or cancelled.")
    agent: str = Field(description="The writer.", examples=["quotations"])
    error_code: str = Field(description="Why it failed; empty if it did not.")
    error_message: str
    given: dict[str, object] = Field(
        description="What the writer was given: passages, earlier chapters, facts, related storylines; for a language "
        "model also `blocks` with the tokens of each part, and what was shortened or left out.",
    )
    usage: dict[str, object] = Field(description="What the writer reported that it used.")
    partial_text: str = Field(description="The text as far as it came, where the attempt did not succeed.")
    started_at: Moment
    finished_at: Moment | None


class AttemptPage(Page[Attempt]):
    """The tries at a chapter, the newest first."""


class Change(BaseModel):
    """One find-and-replace of the harmonizer."""

    id: int
    chapter_id: str
    rule: str
    severity: str
    status: str = Field(description="applied, kept, undone, suggested, dismissed or rejected.")
    find: str
    replace: str | None = Field(description="Null: something to look at, with no replacement offered.")
    before: str = Field(description="What stands before it.")
    after: str = Field(description="What stands behind it.")
    reason: str
    evidence: dict[str, object]
    decided_by: str | None
    decided_at: Moment | None
    created_at: Moment


class ChangePage(Page[Change]):
    """The harmonizer's changes, by chapter and place."""


class Question(BaseModel):
    """A question that the sources leave open."""

    id: int
    book_id: str
    version: str
    chapter_id: str | None
    category: str
    priority: str = Field(description="high, medium or low.")
    status: str = Field(description="open, answered or dismissed.")
    text: str
    reason: str
    evidence: dict[str, object]
    answer: str
    answered_by: str | None
    answered_at: Moment | None
    created_at: Moment


class QuestionPage(Page[Question]):
    """Follow-up questions, the most important first."""


class Answer(Request):
    """An answer to a question."""

    answer: str = Field(
        description="Becomes a source of the book’s next version.",
        examples=["In 1962."],
        json_schema_extra={"pattern": r"\S", "maxLength": LONGEST_ANSWER},
    )
