"""Checking the connection to a writer, with what it takes and gives."""

from django.http import HttpRequest
from pydantic import BaseModel, Field

from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.types import Request, problems
from workflow import actions

from .router import router


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


@router.post(
    "/check-writer",
    response=WriterCheck,
    operation_id="check_writer",
    summary="Check the connection to a writer",
    openapi_extra=problems(409, 429),
)
def checked(request: HttpRequest, asked: WriterToCheck) -> WriterCheck:
    """Ask each of the writer's models for one word, and say step by step what is right and what is wrong.

    Takes up to half a minute and costs a few tokens; once in ten seconds for each person.
    """
    reports = actions.check_writer(asked.writer, actor=person_asking(request))
    return WriterCheck(
        is_well=all(report.is_well for report in reports),
        models=[
            CheckedModel.model_validate({**report.as_json(), "is_well": report.is_well}) for report in reports
        ],
    )
