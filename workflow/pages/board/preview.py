"""Renders the text of a chapter while it is written, from notifications or from its attempt's checkpoint."""

import re
from uuid import UUID

from django.db.models import F
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from books.sources import withheld_of
from books.text.citations import unescape_markdown
from workflow.contract.states import ItemStatus
from workflow.models import Attempt, AttemptOutcome, ChapterWorkflowItem
from workflow.notify.local import Preview

_BOOK = "session__version__book"
_READ = (
    "partial_text",
    "item__number",
    "session__version__preferences",
    "session__version__fixed_preferences",
    "session__version__book__preferences",
)
_PARAGRAPH = re.compile(r"\n\s*\n")
# Emphasis, headings and citation marks: a preview is plain text, the finished chapter has them as they are meant.
_MARKS = re.compile(r"(?<!\\)(?:\*{1,3}|\s*\[[^\[\]\n]{1,200}\](?!\())|^#{1,6} ", re.MULTILINE)


def read_previews(session_id: UUID) -> dict[int, SafeString]:
    """Return what is kept of the chapters that are being written now, rendered, by chapter number. One query."""
    kept = Attempt.objects.filter(
        item__session_id=session_id,
        item__status=ItemStatus.IN_PROGRESS,
        token=F("item__token"),
        outcome=AttemptOutcome.RUNNING,
    ).exclude(partial_text="")
    # Nothing of a version but what is withheld: its other columns may be long, and stand in every row.
    rows = list(kept.order_by("item__number").select_related("item", _BOOK).only(*_READ))
    if not rows:
        return {}
    withheld = withheld_of(rows[0].session.version)
    texts = [(row.item.number, withheld.mask(row.partial_text)) for row in rows if row.item]
    return {number: render_preview(Preview.of(session_id, number, text)) for number, text in texts}


def text_so_far(item: ChapterWorkflowItem) -> str:
    """Return what is kept of the text that is being written under the item's claim, "" where there is none yet."""
    if item.token is None:
        return ""
    running = Attempt.objects.filter(token=item.token, outcome=AttemptOutcome.RUNNING)
    row = running.select_related(_BOOK).first()
    return _readable(row) if row else ""


def _readable(row: Attempt) -> str:
    return withheld_of(row.session.version).mask(row.partial_text)


def render_preview(preview: Preview) -> SafeString:
    """Render the text that is being written, with the words that say that it is not final."""
    values = {
        "number": preview.number,
        "paragraphs": plain_paragraphs(preview.ending),
        "words": f"{preview.word_count:,}",
    }
    return render_to_string("workflow/_preview.html", values)


def plain_paragraphs(markdown: str) -> list[str]:
    """Return the paragraphs of unfinished Markdown as plain text, without its marks."""
    text = unescape_markdown(_MARKS.sub("", markdown))
    return [part.strip() for part in _PARAGRAPH.split(text) if part.strip()]
