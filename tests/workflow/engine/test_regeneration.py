"""A written chapter is asked for again: its text stays until there is another, and what builds on it is flagged."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from books.models import Chapter
from chapterflow_site.core.exceptions import Conflict, Invalid
from tests.workflow.engine.test_leases import claim
from tests.workflow.invariants import broken
from tests.workflow.sessions import calls, item, kinds, let_waits_pass, new_version, statuses
from workflow.actions import (
    cancel_session,
    pause_session,
    regenerate_chapter,
    regenerate_outdated,
    resume_session,
    retry_session,
    start_session,
    undo_change,
    withdraw_regeneration,
)
from workflow.contract.events import EventKind
from workflow.contract.states import SessionStatus
from workflow.engine import advance
from workflow.engine.claims import Claim, claim_chapter, claim_phase
from workflow.engine.phases.ending import run_phase
from workflow.engine.writing import write_chapter
from workflow.models import ChapterWorkflowItem, HarmonizationChange, ProcessingSession
from workflow.transitions import session_transaction
from workflow.workers.recovery import reclaim_expired

WRITER = "python:tests.writers:failing"
DIAMOND = {2: [1], 3: [1], 4: [2, 3]}
BEHIND_2 = "Chapter 2, which it builds on, has been written again since."


def start(
    owner: User, chapters: int = 4, after: Mapping[int, Iterable[int]] | None = None
) -> ProcessingSession:
    mode = "graph" if after is not None else "sequential"
    version = new_version(owner, chapters, after)
    session, _ = start_session(version, actor=owner, writer=WRITER, dependencies=mode)
    with session_transaction(session.pk) as tx:
        tx.move_session(SessionStatus.PROCESSING, EventKind.WRITING_STARTED)
    return session


def run(session: ProcessingSession) -> ProcessingSession:
    """Drive until nothing more happens, whatever waits; the contract holds at every stop."""
    for _ in range(7):
        advance(session.pk)
        let_waits_pass(session)
        assert broken(session) == []
    session.refresh_from_db()
    return session


def completed(
    owner: User, control: Path, chapters: int = 4, after: Mapping[int, Iterable[int]] | None = None
) -> ProcessingSession:
    session = run(start(owner, chapters, after))
    assert session.status == "completed"
    (control / "calls").unlink()
    return session


def text_of(session: ProcessingSession, number: int) -> str:
    revision = Chapter.objects.get(version=session.version_id, number=number).current_revision
    assert revision is not None
    return revision.markdown


def reasons(session: ProcessingSession) -> dict[int, str]:
    rows = session.version.chapters.exclude(outdated_reason="")
    return dict(rows.values_list("number", "outdated_reason"))


def test_note_reaches_the_writer_of_this_chapter_alone(person: User, control: Path) -> None:
    session = completed(person, control)

    regenerate_chapter(item(session, 2), actor=person, note="more of the ferry")
    run(session)

    assert (session.status, calls(control)) == ("completed", [2])
    assert "Told anew: more of the ferry." in text_of(session, 2)
    attempt = item(session, 2).attempts.latest("number")
    assert (attempt.number, attempt.context["note"]) == (2, "more of the ferry")


def test_earlier_text_is_the_present_one_until_the_new_one_is_stored(person: User, control: Path) -> None:
    session = completed(person, control)
    before = text_of(session, 2)

    regenerate_chapter(item(session, 2), actor=person, note="again")
    asked = text_of(session, 2)
    held = claim(session)
    writing = text_of(session, 2)
    write_chapter(held, lambda: False)

    assert (asked, writing) == (before, before)
    assert text_of(session, 2) != before


def test_failure_brings_the_earlier_status_back_and_shows_the_error(person: User, control: Path) -> None:
    session = completed(person, control)
    before = text_of(session, 2)
    (control / "fail-2").touch()

    regenerate_chapter(item(session, 2), actor=person)
    run(session)

    again = item(session, 2)
    assert (session.status, statuses(session)) == ("completed", ["completed"] * 4)
    assert (again.error_code, again.retry_count, again.is_written_again) == ("provider_error", 3, False)
    assert (text_of(session, 2), reasons(session)) == (before, {})
    assert calls(control) == [2, 2, 2]
    failed = session.events.get(kind="regeneration_failed")
    assert (failed.from_status, failed.to_status) == ("in_progress", "completed")


def test_error_that_cannot_pass_ends_it_at_once(person: User, control: Path) -> None:
    session = completed(person, control)
    (control / "fail-2").write_text("bad_credentials")

    regenerate_chapter(item(session, 2), actor=person)
    run(session)

    assert (calls(control), item(session, 2).error_code) == ([2], "bad_credentials")


def test_third_loss_of_the_worker_brings_the_earlier_status_back(person: User, control: Path) -> None:
    session = completed(person, control)
    regenerate_chapter(item(session, 2), actor=person)

    for _ in range(3):
        claim(session)
        ChapterWorkflowItem.objects.filter(status="in_progress").update(lease_expires_at="2020-01-01T00:00Z")
        reclaim_expired()
        assert broken(session) == []

    assert (item(session, 2).status, item(session, 2).error_code) == ("completed", "worker_lost")


def test_only_the_new_text_is_harmonized(person: User, control: Path) -> None:
    session = completed(person, control)
    seen = session.event_seq

    regenerate_chapter(item(session, 2), actor=person)
    run(session)

    later = session.events.filter(seq__gt=seen)
    assert list(later.filter(kind="chapter_harmonized").values_list("item__number", flat=True)) == [2]
    assert list(later.filter(kind="chapter_completed").values_list("item__number", flat=True)) == [2]


def test_what_depends_on_it_keeps_its_status_and_is_flagged(person: User, control: Path) -> None:
    session = completed(person, control)

    regenerate_chapter(item(session, 2), actor=person)
    kept = statuses(session)
    run(session)

    assert kept == ["completed", "pending", "completed", "completed"]
    assert reasons(session) == {3: BEHIND_2, 4: BEHIND_2}
    told = session.events.filter(kind="chapter_outdated").values_list("item__number", "detail")
    assert list(told) == [(3, {"rewritten": 2}), (4, {"rewritten": 2})]


def test_graph_flags_all_that_depends_on_it_and_nothing_else(person: User, control: Path) -> None:
    session = completed(person, control, 5, DIAMOND)

    regenerate_chapter(item(session, 2), actor=person)
    run(session)

    assert reasons(session) == {4: BEHIND_2}


def test_outdated_chapters_are_written_again_in_order(person: User, control: Path) -> None:
    session = completed(person, control)
    regenerate_chapter(item(session, 2), actor=person)
    run(session)

    count = regenerate_outdated(session, actor=person)
    run(session)

    assert (count, calls(control), session.status) == (2, [2, 3, 4], "completed")
    assert reasons(session) == {}


def test_chapters_not_begun_wait_for_the_one_that_is_written_again(person: User, control: Path) -> None:
    session = start(person, 4, DIAMOND)
    write_next(session)
    write_next(session)

    regenerate_chapter(item(session, 1), actor=person)
    waiting = [row.number for row in session.items.startable()]
    run(session)

    assert (waiting, session.status) == ([1], "completed")
    assert calls(control) == [1, 2, 1, 3, 4]
    assert list(reasons(session)) == [2]


def test_chapter_that_was_being_written_meanwhile_is_flagged(person: User, control: Path) -> None:
    session = start(person, 3)
    write_next(session)
    held = claim(session)

    regenerate_chapter(item(session, 1), actor=person)
    write_next(session)
    write_chapter(held, lambda: False)
    run(session)

    reason = "Chapter 1, which it builds on, has been written again since."
    assert (session.status, reasons(session)) == ("completed", {2: reason})


def test_limit_of_parallel_chapters_holds_in_a_sequence(person: User, control: Path) -> None:
    session = start(person, 3)
    write_next(session)
    ProcessingSession.objects.update(parallel_chapters=1)
    claim(session)

    regenerate_chapter(item(session, 1), actor=person)

    with session_transaction(session.pk) as tx:
        assert claim_chapter(tx) is None


def test_book_that_waits_for_a_failed_chapter_stops_again_afterwards(person: User, control: Path) -> None:
    (control / "fail-3").touch()
    session = run(start(person, 4))
    assert session.status == "failed"

    regenerate_chapter(item(session, 1), actor=person)
    run(session)

    assert (session.status, statuses(session)) == ("failed", ["generated", "generated", "failed", "pending"])
    (control / "fail-3").unlink()
    retry_session(session, actor=person)
    assert run(session).status == "completed"


def test_pause_holds_it_back(person: User, control: Path) -> None:
    session = start(person)
    write_next(session)
    pause_session(session, actor=person)

    regenerate_chapter(item(session, 1), actor=person)
    run(session)
    paused = calls(control)
    resume_session(session, actor=person)
    run(session)

    assert (paused, calls(control)) == ([1], [1, 1, 2, 3, 4])


def test_chapter_that_is_asked_for_while_harmonizing_is_written_first(person: User, control: Path) -> None:
    session = start(person, 2)
    write_next(session)
    write_next(session)
    phase = claim_end(session)

    regenerate_chapter(item(session, 1), actor=person)
    run_phase(phase)
    run(session)

    assert (session.status, statuses(session)) == ("completed", ["completed"] * 2)
    assert session.attempts.get(pk=phase.attempt.pk).outcome == "cancelled"


@pytest.mark.parametrize("is_begun", [False, True])
def test_taking_it_back_keeps_the_text_and_completes_the_book(
    person: User, control: Path, is_begun: bool
) -> None:
    session = completed(person, control)
    before = text_of(session, 2)
    regenerate_chapter(item(session, 2), actor=person)
    held = claim(session) if is_begun else None

    withdraw_regeneration(item(session, 2), actor=person)
    if held:
        write_chapter(held, lambda: False)
    run(session)

    assert (session.status, statuses(session)) == ("completed", ["completed"] * 4)
    assert (text_of(session, 2), reasons(session)) == (before, {})


@pytest.mark.parametrize("is_begun", [False, True])
def test_cancel_keeps_the_text_that_was_there(person: User, control: Path, is_begun: bool) -> None:
    session = completed(person, control)
    before = text_of(session, 2)
    regenerate_chapter(item(session, 2), actor=person)
    if is_begun:
        claim(session)

    cancel_session(session, actor=person)

    assert broken(session) == []
    assert (statuses(session), text_of(session, 2)) == (["completed"] * 4, before)
    start_session(session.version, actor=person)
    assert run(session).status == "completed"


def test_changes_of_the_earlier_text_cannot_be_undone(person: User, control: Path) -> None:
    session = completed(person, control)
    change = HarmonizationChange.objects.create(
        session=session, chapter=item(session, 2).chapter, rule="headings", severity="low", status="applied",
        find="a", replace="b", offset=0, reason="for the test",
    )  # fmt: skip

    regenerate_chapter(item(session, 2), actor=person)
    run(session)

    change.refresh_from_db()
    assert change.status == "superseded"
    with pytest.raises(Conflict, match="Only a change that was made"):
        undo_change(change, actor=person)


def test_book_is_not_complete_while_a_chapter_is_written_again(person: User, control: Path) -> None:
    session = completed(person, control)

    regenerate_chapter(item(session, 2), actor=person)

    session.refresh_from_db()
    assert (session.status, session.written_count, session.progress_percentage) == ("processing", 3, 75.0)


def test_refusals_say_why(person: User, control: Path) -> None:
    session = start(person, 2)
    (control / "fail-2").write_text("bad_credentials")

    refused(session, 1, "not_written", "It is written without being asked again.")
    run(session)
    refused(session, 2, "not_written", "Retry it instead.")
    regenerate_chapter(item(session, 1), actor=person)
    refused(session, 1, "already_asked", "already being written again")
    cancel_session(session, actor=person)
    refused(session, 1, "cancelled", "Start it again")
    with pytest.raises(Conflict, match="was cancelled"):
        regenerate_outdated(session, actor=person)
    with pytest.raises(Conflict, match="is not being written again"):
        withdraw_regeneration(item(session, 1), actor=person)


def refused(session: ProcessingSession, number: int, code: str, words: str) -> None:
    with pytest.raises(Conflict, match=words) as caught:
        regenerate_chapter(item(session, number), actor=None)
    assert caught.value.code == code


def test_note_is_bounded_and_writer_is_checked(person: User, control: Path) -> None:
    session = completed(person, control, 1)

    with pytest.raises(Invalid, match="longer than 1,000 characters"):
        regenerate_chapter(item(session, 1), actor=person, note="x" * 1001)
    with pytest.raises(Invalid):
        regenerate_chapter(item(session, 1), actor=person, writer="python:os:system")

    assert kinds(session)[-1] == "session_completed"


def test_another_writer_may_write_it(person: User, control: Path) -> None:
    session = completed(person, control, 1)

    regenerate_chapter(item(session, 1), actor=person, writer="quotations")
    run(session)

    assert item(session, 1).attempts.latest("number").agent == "quotations"


def write_next(session: ProcessingSession) -> None:
    """Claim and write one chapter, and no more."""
    write_chapter(claim(session), lambda: False)


def claim_end(session: ProcessingSession) -> Claim:
    with session_transaction(session.pk) as tx:
        claim = claim_phase(tx)
    assert claim is not None
    return claim


def test_page_asks_for_a_note_and_keeps_it_where_it_is_too_long(
    person: User, control: Path, client_of: Callable[[User], Client]
) -> None:
    session = completed(person, control)
    address = reverse("chapter_again", args=[session.pk, 2])
    client = client_of(person)

    form = client.get(address)
    refused = client.post(address, {"note": "<b>" * 400})
    asked = client.post(address, {"note": "<b>more</b> of the ferry"})

    assert "Write chapter 2 again?" in form.content.decode()
    assert (refused.status_code, asked.status_code) == (422, 302)
    assert "&lt;b&gt;&lt;b&gt;" in refused.content.decode()
    assert item(session, 2).note == "<b>more</b> of the ferry"
    page = client.get(reverse("chapter", args=[session.version.book.book_id, 1, 2])).content.decode()
    assert "Asked for again" in page
    assert "&lt;b&gt;more&lt;/b&gt; of the ferry" in page
    assert "This is what chapter 2" in page


def test_pages_show_why_it_was_not_written_again(
    person: User, control: Path, client_of: Callable[[User], Client]
) -> None:
    session = completed(person, control)
    (control / "fail-2").write_text("bad_credentials")
    regenerate_chapter(item(session, 2), actor=person)
    run(session)
    client, book_id = client_of(person), session.version.book.book_id

    chapter = client.get(reverse("chapter", args=[book_id, 1, 2])).content.decode()
    board = client.get(reverse("board", args=[book_id, 1])).content.decode()

    for page in (chapter, board):
        assert "Not written again: " in page
        assert "The earlier text stays." in page


def test_reading_page_and_export_have_the_earlier_text_meanwhile(
    person: User, control: Path, client_of: Callable[[User], Client]
) -> None:
    session = completed(person, control)
    client, book_id = client_of(person), session.version.book.book_id
    regenerate_chapter(item(session, 2), actor=person)
    claim(session)

    read = client.get(reverse("read_chapter", args=[book_id, 1, 2])).content.decode()
    exported = client.get(reverse("export", args=[book_id, 1, "md"])).getvalue().decode()

    assert "This is what chapter 2" in read
    assert "This is what chapter 2" in exported
