"""Checking the connection to a writer."""

from django.http import HttpRequest

from chapterflow_site.api_base.auth import person_asking
from chapterflow_site.api_base.types import problems
from workflow import actions

from . import check_schemas
from .router import router


@router.post(
    "/check-writer",
    response=check_schemas.WriterCheck,
    operation_id="check_writer",
    summary="Check the connection to a writer",
    openapi_extra=problems(409, 429),
)
def checked(request: HttpRequest, asked: check_schemas.WriterToCheck) -> check_schemas.WriterCheck:
    """Ask each of the writer's models for one word, and say step by step what is right and what is wrong.

    Takes up to half a minute and costs a few tokens; once in ten seconds for each person.
    """
    reports = actions.check_writer(asked.writer, actor=person_asking(request))
    return check_schemas.WriterCheck(
        is_well=all(report.is_well for report in reports),
        models=[
            check_schemas.CheckedModel.model_validate({**report.as_json(), "is_well": report.is_well})
            for report in reports
        ],
    )
