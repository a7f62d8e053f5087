"""docs/specification.md leads from every name of the specification to its room: each of them is there."""

import re
from importlib import import_module
from importlib.util import find_spec
from inspect import isclass
from pathlib import Path

import pytest
from pydantic import BaseModel

from chapterflow_site.api import api

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs/specification.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
DOTTED = re.compile(r"(?:books|workflow|chapterflow_site)(?:\.\w+)+")
OPERATION = re.compile(r"(GET|POST) (/api/\S+)")
FILE = re.compile(r"[\w./-]+\.(?:py|md|html)")
# Sections whose names can be seen from outside: there the name here is the specification's, to the letter.
SEEN = (
    "A workflow item: `ChapterWorkflowItem`",
    "A processing session: `ProcessingSession`",
    "The answer of `get_session_status`",
    "The chapter's document",
    "Tasks and results of agents",
    "The answers to a start and to a retry",
)
MAPPED = (*SEEN, "Statuses", "Classes and functions", "Operations of the API")


def rows(title: str) -> list[tuple[str, list[str]]]:
    """Return the first column of a section's table, and the names in its middle column."""
    section = TEXT.split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")][2:]
    return [(cells[0].strip(), CODE.findall(cells[1])) for cells in lines]


def named() -> list[str]:
    """Return every path, file and operation in the document that is of this project."""
    kinds = (DOTTED, OPERATION, FILE)
    return [text for text in dict.fromkeys(CODE.findall(TEXT)) if any(kind.fullmatch(text) for kind in kinds)]


def is_there(name: str) -> bool:
    """Return whether a file, an operation or a dotted path exists."""
    if operation := OPERATION.fullmatch(name):
        method, path = operation.groups()
        return method.lower() in api.get_openapi_schema()["paths"].get(path, {})
    return (ROOT / name).is_file() if FILE.fullmatch(name) else has_path(name)


def has_path(name: str) -> bool:
    parts = name.split(".")
    depth = max(end for end in range(1, len(parts) + 1) if is_module(parts[:end]))
    found: object = import_module(".".join(parts[:depth]))
    for part in parts[depth:]:
        if is_field(found, part):
            # A field's value is an instance's: nothing more of it can be looked up.
            return part == parts[-1]
        if not hasattr(found, part):
            return False
        found = getattr(found, part)
    return True


def is_module(parts: list[str]) -> bool:
    try:
        return find_spec(".".join(parts)) is not None
    except ModuleNotFoundError:
        return False


def is_field(owner: object, name: str) -> bool:
    is_model = isclass(owner) and issubclass(owner, BaseModel)
    return name in (owner.model_fields if is_model else getattr(owner, "__dataclass_fields__", {}))  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", named())
def test_name_in_the_document_is_there(name: str) -> None:
    assert is_there(name), f"docs/specification.md names {name}, which does not exist"


@pytest.mark.parametrize("title", MAPPED)
def test_every_name_of_the_specification_leads_somewhere(title: str) -> None:
    found = rows(title)

    assert found
    assert not [name for name, rooms in found if not any(each in set(named()) for each in rooms)]


@pytest.mark.parametrize("title", SEEN)
def test_what_is_seen_from_outside_is_called_as_the_specification_says(title: str) -> None:
    for name, rooms in rows(title):
        specified = CODE.findall(name)[0].rpartition(".")[2]
        assert [room.rpartition(".")[2] for room in rooms] == [specified]


@pytest.mark.parametrize(
    "name",
    [
        "workflow.api.schemas.Item.chapter_ids",
        "workflow.api.schemas.Item.chapter_id.more",
        "workflow.contract.agent_types.ChapterTask.nodes",
        "workflow.models.item.ChapterWorkflowItem.chapters",
        "workflow.engines.driver",
        "docs/specifications.md",
        "POST /api/workflow-status/{session_id}",
    ],
)
def test_name_that_is_not_there_is_found_out(name: str) -> None:
    assert not is_there(name)
