"""Under *skip* a book goes on without a chapter that failed, and takes it in later."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.db.models import Count, Q

from tests.workflow.engine.test_leases import claim
from tests.workflow.sessions import calls, item, kinds, let_waits_pass, new_version, statuses
from workflow.actions import cancel_session, retry_chapter, retry_session, start_session
from workflow.context.continuity import read_context
from workflow.contract.states import WRITTEN
from workflow.engine import advance
from workflow.engine.claims import claim_chapter, claim_phase
from workflow.engine.phases.ending import run_phase
from workflow.engine.writing import write_chapter
from workflow.models import AttemptOutcome, ProcessingSession
from workflow.transitions import session_transaction
from workflow.workers.recovery import reclaim_expired

WRITER = "python:tests.writers:failing"
DIAMOND = {2: [1], 3: [1], 4: [2, 3]}


def start(
    owner: User, chapters: int = 3, after: Mapping[int, Iterable[int]] | None = None
) -> ProcessingSession:
    mode = "graph" if after is not None else "sequential"
    version = new_version(owner, chapters, after)
    return start_session(version, actor=owner, writer=WRITER, dependencies=mode, on_failure="skip")[0]


def run(session: ProcessingSession) -> ProcessingSession:
    """Drive until nothing more happens, whatever waits; the counters are right at every stop."""
    for _ in range(7):
        advance(session.pk)
        let_waits_pass(session)
        check_counters(session)
    session.refresh_from_db()
    return session


def check_counters(session: ProcessingSession) -> None:
    session.refresh_from_db()
    found = statuses(session)
    assert session.written_count == sum(status in WRITTEN for status in found)
    assert session.failed_count == found.count("failed")
    open_needs = Count("needs_rows", filter=~Q(needs_rows__needs__status__in=[*WRITTEN, "failed"]))
    for row in session.items.annotate(open_needs=open_needs):
        assert row.unmet_count == row.open_needs


def completed_without(owner: User, control: Path, *failing: int, chapters: int = 4) -> ProcessingSession:
    """A sequence that is completed but for these chapters, which would not fail again."""
    for number in failing:
        (control / f"fail-{number}").touch()
    session = run(start(owner, chapters))
    for number in failing:
        (control / f"fail-{number}").unlink()
    (control / "calls").unlink()
    return session


def reasons(session: ProcessingSession) -> dict[int, str]:
    rows = session.version.chapters.exclude(outdated_reason="")
    return dict(rows.values_list("number", "outdated_reason"))


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_sequence_goes_on_without_the_chapter_that_failed(person: User, control: Path, failing: int) -> None:
    (control / f"fail-{failing}").touch()

    session = run(start(person, 3))

    expected = ["completed"] * 3
    expected[failing - 1] = "failed"
    assert (statuses(session), session.status) == (expected, "completed")
    assert (session.failed_count, session.progress_percentage) == (1, 100)
    said = session.events.get(kind="session_completed").detail["message"]
    assert said == f"Chapter {failing} could not be written and is missing."


def test_graph_goes_on_without_failed_chapters_that_follow_each_other(person: User, control: Path) -> None:
    for number in (1, 2):
        (control / f"fail-{number}").touch()

    session = run(start(person, 4, DIAMOND))

    assert statuses(session) == ["failed", "failed", "completed", "completed"]
    assert (session.status, session.failed_count) == ("completed", 2)


def test_book_of_which_nothing_is_written_is_failed(person: User, control: Path) -> None:
    for number in (1, 2):
        (control / f"fail-{number}").touch()

    session = run(start(person, 2))

    assert (session.status, session.phase, session.error_code) == ("failed", "writing", "chapters_failed")
    assert session.error_message == "Chapters 1 and 2 failed. Retry to go on."
    assert "writing_finished" not in kinds(session)


def test_book_of_which_nothing_was_written_is_written_after_a_retry(person: User, control: Path) -> None:
    for number in (1, 2):
        (control / f"fail-{number}").touch()
    session = run(start(person, 2))
    (control / "fail-2").unlink()

    retry_session(session, actor=person)
    run(session)

    assert (statuses(session), session.status) == (["failed", "completed"], "completed")


def test_chapter_written_without_another_knows_nothing_of_it(person: User, control: Path) -> None:
    (control / "fail-2").touch()
    session = run(start(person, 4))
    behind = session.items.select_related("chapter__node").get(number=4)

    context = read_context(session, behind, behind.chapter.node, [])

    assert [chapter.number for chapter in context.chapters] == [1, 3]
    assert context.left_out == 0


def test_retry_after_the_end_writes_and_harmonizes_that_chapter_alone(person: User, control: Path) -> None:
    session = completed_without(person, control, 2)
    before = session.event_seq

    retry_chapter(item(session, 2), actor=person)
    session.refresh_from_db()
    while_written = (session.status, session.progress_percentage)
    run(session)

    assert while_written == ("processing", 75.0)
    assert (calls(control), statuses(session), session.status) == ([2], ["completed"] * 4, "completed")
    harmonized = session.events.filter(kind="chapter_harmonized", seq__gt=before)
    assert list(harmonized.values_list("item__number", flat=True)) == [2]
    assert session.version.chapters.filter(revisions__number__gt=2).count() == 0


def test_chapters_written_without_it_are_flagged_once_it_is_written(person: User, control: Path) -> None:
    session = completed_without(person, control, 2)
    rows = dict(session.items.values_list("number", "row_version"))

    retry_chapter(item(session, 2), actor=person)
    while_waiting = reasons(session)
    run(session)

    said = "It was written without chapter 2, which has come since."
    assert (while_waiting, reasons(session)) == ({}, {3: said, 4: said})
    assert item(session, 3).row_version > rows[3]
    assert kinds(session).count("chapter_outdated") == 2


def test_only_what_depends_on_it_is_flagged(person: User, control: Path) -> None:
    (control / "fail-2").touch()
    session = run(start(person, 4, DIAMOND))
    (control / "fail-2").unlink()

    retry_chapter(item(session, 2), actor=person)
    run(session)

    assert list(reasons(session)) == [4]


def test_each_chapter_that_comes_late_is_named(person: User, control: Path) -> None:
    session = completed_without(person, control, 1, 3, chapters=4)

    retry_session(session, actor=person)
    run(session)

    assert calls(control) == [1, 3]
    assert "without chapter 1," in reasons(session)[4]
    assert "without chapter 3," in reasons(session)[4]
    assert "chapter 3" not in reasons(session)[2]


def test_chapter_that_never_failed_flags_nothing(person: User, control: Path) -> None:
    (control / "fail-1").write_text("timeout")
    session = start(person, 3)
    advance(session.pk)
    (control / "fail-1").unlink()
    let_waits_pass(session)

    run(session)

    assert (reasons(session), item(session, 1).attempt_count) == ({}, 2)


def test_retry_that_fails_again_ends_the_book_as_it_was(person: User, control: Path) -> None:
    session = completed_without(person, control, 2)
    (control / "fail-2").touch()
    harmonized_at, questioned_at = session.harmonized_at, session.questioned_at

    retry_chapter(item(session, 2), actor=person)
    run(session)

    assert (statuses(session)[1], session.status) == ("failed", "completed")
    assert (session.harmonized_at, session.questioned_at) == (harmonized_at, questioned_at)
    assert (kinds(session).count("harmonizing_started"), reasons(session)) == (1, {})


def test_what_is_not_begun_waits_again_for_a_chapter_that_is_retried(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = start(person, 3)
    held = claim(session)
    assert held is not None
    write_chapter(held, lambda: False)
    ready = item(session, 2).unmet_count

    retry_chapter(item(session, 1), actor=person)
    waits = item(session, 2).unmet_count
    (control / "fail-1").unlink()
    run(session)

    assert (ready, waits) == (0, 1)
    assert (calls(control), reasons(session)) == ([1, 1, 2, 3], {})


def test_chapter_in_the_making_is_flagged_when_an_earlier_one_comes_meanwhile(
    person: User, control: Path
) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = start(person, 3)
    first = claim(session)
    assert first is not None
    second = write_chapter(first, lambda: True)
    (control / "fail-1").unlink()
    retry_chapter(item(session, 1), actor=person)
    with session_transaction(session.pk) as tx:
        again = claim_chapter(tx)
    assert second is not None
    assert again is not None

    write_chapter(again, lambda: False)
    write_chapter(second, lambda: False)

    assert statuses(session) == ["generated", "generated", "pending"]
    assert list(reasons(session)) == [2]
    check_counters(session)


def test_retries_in_a_sequence_keep_to_the_limit(person: User, control: Path) -> None:
    session = completed_without(person, control, 1, 3)
    ProcessingSession.objects.filter(pk=session.pk).update(parallel_chapters=1)

    retry_session(session, actor=person)
    with session_transaction(session.pk) as tx:
        first, second = claim_chapter(tx), claim_chapter(tx)

    assert first is not None
    assert second is None


def test_flag_stays_when_a_text_is_only_harmonized(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = start(person, 2)
    held = claim(session)
    while held is not None:
        held = write_chapter(held, lambda: True)
    (control / "fail-1").unlink()
    retry_chapter(item(session, 1), actor=person)

    run(session)

    assert (session.status, list(reasons(session))) == ("completed", [2])


def test_retry_takes_the_harmonizing_back_from_its_worker(person: User, control: Path) -> None:
    (control / "fail-2").write_text("bad_credentials")
    session = start(person, 2)
    held = claim(session)
    while held is not None:
        held = write_chapter(held, lambda: True)
    with session_transaction(session.pk) as tx:
        phase = claim_phase(tx)
    assert phase is not None

    retry_chapter(item(session, 2), actor=person)
    run_phase(phase)

    phase.attempt.refresh_from_db()
    session.refresh_from_db()
    assert (session.status, session.token) == ("processing", None)
    assert phase.attempt.outcome == AttemptOutcome.CANCELLED
    assert statuses(session) == ["generated", "pending"]


def test_third_loss_of_its_worker_lets_the_others_go_on(person: User, control: Path) -> None:
    session = start(person, 2)
    for _ in range(3):
        assert claim(session) is not None
        session.items.filter(number=1).update(lease_expires_at="2020-01-01T00:00Z")
        reclaim_expired()

    check_counters(session)
    assert statuses(session) == ["failed", "pending"]
    assert item(session, 2).unmet_count == 0
    assert session.woken_at is not None


def test_cancelled_book_tries_what_failed_again_when_it_goes_on(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = start(person, 3)
    held = claim(session)
    assert held is not None
    write_chapter(held, lambda: False)
    cancel_session(session, actor=person)
    (control / "fail-1").unlink()

    start_session(session.version, actor=person, on_failure="skip")
    run(session)

    assert (calls(control), session.status, session.failed_count) == ([1, 1, 2, 3], "completed", 0)


def test_progress_never_goes_back_while_it_runs(person: User, control: Path) -> None:
    (control / "fail-1").write_text("bad_credentials")
    session = start(person, 4)
    seen = [0.0]
    held = claim(session)
    while held is not None:
        held = write_chapter(held, lambda: True)
        session.refresh_from_db()
        seen.append(session.progress_percentage)
    retry_chapter(item(session, 1), actor=person)
    session.refresh_from_db()
    seen.append(session.progress_percentage)

    assert seen == [0.0, 22.5, 45.0, 67.5, 90.0, 90.0]
