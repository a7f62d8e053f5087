"""What the API takes and gives of spending: usage, budgets, single calls of models."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

from chapterflow_site.api_base.types import Moment, Request
from workflow.contract.money import LARGEST_DOLLARS

_ESTIMATED = "Calls whose server reported no tokens: they count by our own estimate."


class Usage(BaseModel):
    """What calls of language models came to. Failed, cancelled and lost attempts count, too."""

    calls: int
    input_tokens: int = Field(description="Tokens sent, with those that came from a cache.")
    output_tokens: int
    cached_tokens: int = Field(description="Those of the tokens sent that the provider had in its cache.")
    unreported_calls: int = Field(description=_ESTIMATED)
    unpriced_calls: int = Field(description="Calls for which no price is known: they are not in `cost`.")
    cost: str | None = Field(
        description="US dollars, as a decimal number; null where no call has a known price.",
        examples=["0.842100"],
    )


class Budget(BaseModel):
    """What a session may spend; null is no limit."""

    dollars: str | None = Field(examples=["5.000000"])
    tokens: int | None = Field(description="Tokens sent and received together.")


_AMOUNT = {"type": "number", "exclusiveMinimum": 0, "maximum": int(LARGEST_DOLLARS)}
_WRITTEN_AMOUNT = {"type": "string", "pattern": r"^[1-9]\d{0,5}(\.\d{1,6})?$"}
Dollars = Annotated[Decimal, WithJsonSchema({"anyOf": [_AMOUNT, _WRITTEN_AMOUNT]})]


class BudgetOption(Request):
    """A limit in US dollars, in tokens, or in both."""

    dollars: Dollars | None = Field(default=None, description="US dollars.", examples=["5.00"])
    tokens: int | None = Field(
        default=None, ge=1, le=10**15, description="Tokens sent and received together.", examples=[200_000]
    )


class Call(BaseModel):
    """One call of a model, as its server reported it."""

    model: str
    input_tokens: int | None = Field(description="Null: the server reported nothing.")
    output_tokens: int | None
    cached_tokens: int | None
    estimated_input_tokens: int | None = Field(description="Our own estimate, made before it was sent.")
    estimated_output_tokens: int | None
    cost: str | None = Field(description="US dollars; null where no price is known.", examples=["0.012900"])


class AttemptUsage(BaseModel):
    """What one attempt spent."""

    chapter_id: str | None = Field(description="Null: an attempt at harmonizing or at the questions.")
    phase: str
    number: int
    outcome: str
    started_at: Moment
    finished_at: Moment | None
    usage: Usage
    calls: list[Call]


class ChapterUsage(BaseModel):
    """What all attempts at a chapter spent."""

    chapter_id: str
    usage: Usage


class SessionUsage(BaseModel):
    """What a session spent: in all, by chapter, by attempt, by call."""

    session_id: str
    usage: Usage
    book_usage: Usage = Field(description="What all versions of the book spent.")
    budget: Budget
    chapters: list[ChapterUsage] = Field(description="Chapters for which models were called, by number.")
    attempts: list[AttemptUsage] = Field(
        description="Attempts that called models, by chapter and number; those of the phases come last."
    )
