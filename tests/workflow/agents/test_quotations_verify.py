"""The proof of a chapter of quotations finds what breaks the promise."""

import pytest

from tests.workflow.quotation_proof import verify_chapter
from tests.workflow.quotation_tasks import HARBOUR, make_task, write

MARKDOWN = write(make_task(HARBOUR, summary="A childhood by the sea.")).markdown


def test_a_written_chapter_has_no_faults() -> None:
    assert verify_chapter(MARKDOWN, [HARBOUR]) == []


@pytest.mark.parametrize(
    ("find", "replace", "fault"),
    [
        ("harbour", "seaside", "not in 'c1'"),
        ("[c1]", "[c2]", "no chunk has the id 'c2'"),
        (" … ", " and ", "not in 'c1'"),
        ("**Maria:**", "**Bob:**", "names no 'Bob'"),
        ("every summer. ", "every summer. [c1] ", "must end with its one citation"),
    ],
)
def test_a_changed_word_is_found(find: str, replace: str, fault: str) -> None:
    assert find in MARKDOWN

    faults = verify_chapter(MARKDOWN.replace(find, replace), [HARBOUR])

    assert faults
    assert fault in faults[0]


@pytest.mark.parametrize(
    "added", ["It was a happy time.", "**Maria:** It was a happy time.", "**Maria:** [c1]"]
)
def test_an_added_paragraph_is_found(added: str) -> None:
    assert len(verify_chapter(f"{MARKDOWN}\n\n{added}", [HARBOUR])) == 1
