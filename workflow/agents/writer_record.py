"""The record of what a writer was given, fit to be stored with its attempt. A model's prompt adds its own to it."""

from workflow.contract.agent_types import JSON, ChapterTask

from .orchestrator import QUOTATIONS


def given_record(writer: str, task: ChapterTask) -> JSON:
    """Return what of the task this writer reads."""
    context = task.previous_context
    previous = context.previous.number if context.previous else None
    passages = [chunk.id for chunk in task.text_chunks]
    if writer == QUOTATIONS:
        return {"chunks": passages, "previous": previous}
    note = {"note": task.note} if task.note else {}
    return {
        **note,
        "chunks": passages,
        "chapters": [chapter.number for chapter in context.chapters],
        "left_out_chapters": context.left_out,
        "previous": previous,
        "facts": [{"name": fact.name, "chapter": fact.chapter} for fact in context.facts],
        "related": [node.id for node in context.related],
    }
