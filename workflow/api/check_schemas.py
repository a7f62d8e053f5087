"""What the API takes and gives of a writer that is checked."""

from pydantic import BaseModel, Field

from chapterflow_site.api_base.types import Request


class WriterToCheck(Request):
    """What to check."""

    writer: str = Field(
        max_length=200, description="A writer that this installation offers.", examples=["openai:gpt-5"]
    )


class CheckedStep(BaseModel):
    """One thing that was looked at."""

    name: str = Field(examples=["Access"])
    is_well: bool
    sentence: str = Field(examples=["The provider does not accept the key."])
    advice: str = Field(description="What to do where it is wrong; empty where it is right.")
    detail: str = Field(description="The provider’s own words, without keys.")


class CheckedModel(BaseModel):
    """What was found of one model."""

    backend: str = Field(examples=["openai:gpt-5"])
    label: str
    is_well: bool
    steps: list[CheckedStep] = Field(description="In order; those behind a fault were not tried.")


class WriterCheck(BaseModel):
    """What was found of a writer."""

    is_well: bool = Field(description="Whether all of its models can be used.")
    models: list[CheckedModel]
