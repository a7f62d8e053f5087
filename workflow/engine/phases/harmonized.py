"""Stores a harmonized chapter: its new text, and each change with its position."""

from books.models import ChapterRevision, Origin
from chapterflow_site.core.rows import add_rows
from workflow.context.continuity import renew_facts
from workflow.contract.events import EventKind
from workflow.contract.states import ItemStatus
from workflow.harmonization import Finding, Placed
from workflow.models import ChangeStatus, HarmonizationChange
from workflow.transitions import SessionTransaction

from .harmonizing import HarmonizedChapter, revise

CONTEXT_CHARACTERS = 200


def store_harmonized(tx: SessionTransaction, chapter: HarmonizedChapter) -> None:
    """Store the chapter's new revision, where its text changed, and all changes; move it to HARMONIZED.

    Raises LostRace where the chapter is no longer GENERATED.
    """
    loaded, result = chapter.loaded, chapter.result
    revision = loaded.revision
    if chapter.is_changed:
        revision = revise(
            loaded.revision,
            result.markdown,
            chapter.citations,
            metrics=chapter.metrics,
            origin=Origin.HARMONIZER,
            reasons=(place.finding.reason for place in result.applied),
        )
        renew_facts(loaded.item, chapter.memory)
    add_rows(_changes(tx, chapter, revision))
    tx.move_item(
        loaded.item,
        ItemStatus.HARMONIZED,
        EventKind.CHAPTER_HARMONIZED,
        detail={"changes": len(result.applied), "suggestions": len(result.suggestions)},
        changes={
            "word_count": revision.word_count,
            "quality_score": revision.quality_score,
            "story_line": chapter.memory.line,
        },
    )


def _changes(
    tx: SessionTransaction, chapter: HarmonizedChapter, revision: ChapterRevision
) -> list[HarmonizationChange]:
    result = chapter.result
    applied = [_placed(tx, chapter, place, ChangeStatus.APPLIED, revision) for place in result.applied]
    suggested = [
        _placed(tx, chapter, place, ChangeStatus.SUGGESTED, revision) for place in result.suggestions
    ]
    rejected = [
        _change(tx, chapter, finding, ChangeStatus.REJECTED, revision, offset=finding.start, note=why)
        for finding, why in result.rejected
    ]
    return [*applied, *suggested, *rejected]


def _placed(
    tx: SessionTransaction,
    chapter: HarmonizedChapter,
    place: Placed,
    status: ChangeStatus,
    revision: ChapterRevision,
) -> HarmonizationChange:
    change = _change(tx, chapter, place.finding, status, revision, offset=place.offset)
    change.before = place.before[-CONTEXT_CHARACTERS:]
    change.after = place.after[:CONTEXT_CHARACTERS]
    return change


def _change(
    tx: SessionTransaction,
    chapter: HarmonizedChapter,
    finding: Finding,
    status: ChangeStatus,
    revision: ChapterRevision,
    *,
    offset: int,
    note: str = "",
) -> HarmonizationChange:
    evidence = dict(finding.evidence) | ({"not_applied": note} if note else {})
    return HarmonizationChange(
        session=tx.session,
        chapter=chapter.loaded.item.chapter,
        rule=finding.rule,
        severity=finding.severity,
        status=status,
        find=finding.find,
        replace=finding.replace,
        offset=offset,
        reason=finding.reason,
        evidence=evidence,
        revision=revision,
        created_at=tx.now,
    )
