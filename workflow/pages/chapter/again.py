"""Says on a chapter's pages that it is being written again, or why it was not."""

from dataclasses import dataclass

from django.urls import reverse

from books.models import Chapter
from workflow.contract.failures import explain
from workflow.contract.states import WRITTEN, SessionStatus
from workflow.models import ChapterWorkflowItem


@dataclass(frozen=True)
class AgainNotice:
    """A notice above the text. `kind` is "" or a notice's tone; `keep_url` takes the request back."""

    heading: str
    text: str
    kind: str = ""
    keep_url: str = ""


def again_url(chapter: Chapter) -> str:
    """Return where the chapter can be asked for again; "" where it cannot now."""
    item = getattr(chapter, "item", None)
    if item is None or item.status not in WRITTEN or item.session.status == SessionStatus.CANCELLED:
        return ""
    return _address("chapter_again", item)


def again_notice(chapter: Chapter) -> AgainNotice | None:
    """Return the notice; None where nobody has asked for the chapter again, or it went well."""
    item = getattr(chapter, "item", None)
    if item is None:
        return None
    if item.is_written_again:
        said = f" The note to the writer: “{item.note}”" if item.note else ""
        text = f"The text below stays until there is another.{said}"
        return AgainNotice("Asked for again", text, keep_url=_address("chapter_keep", item))
    if item.status in WRITTEN and item.error_code:
        why = explain(item.error_code)
        text = f"The earlier text stays. {why.advice}"
        return AgainNotice(f"Not written again: {why.heading}", text, "retry")
    return None


def _address(name: str, item: ChapterWorkflowItem) -> str:
    return reverse(name, kwargs={"session_id": item.session_id, "chapter": item.number})
