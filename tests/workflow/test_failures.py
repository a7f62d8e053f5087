"""What a person is told of each failure: what happened and what to do, and the code only in Details."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.rooms import ROOT
from tests.workflow.sessions import new_session
from tests.writers import PlainWriter
from workflow.contract.failures import EXPLANATIONS, Failure, explain
from workflow.engine import advance
from workflow.engine.retry_policy import POLICY
from workflow.models import Attempt

NO_BLAME = re.compile(r"\b(oops|sorry|you (?:did|forgot|failed)|illegal|invalid|fatal)\b|!", re.IGNORECASE)
DETAILS = re.compile(r"<details.*?</details>", re.DOTALL)


@pytest.mark.parametrize("code", Failure)
def test_every_code_says_what_happened_and_what_to_do(code: Failure) -> None:
    why = explain(code)

    assert why is EXPLANATIONS[code]
    assert re.fullmatch(r"[A-Z][^.]+", why.heading)
    assert re.fullmatch(r"[A-Z].+\.", why.advice)
    assert not NO_BLAME.search(f"{why.heading}. {why.advice}")
    assert "_" not in why.heading + why.advice


def test_what_people_read_has_the_numbers_of_the_retry_policy() -> None:
    words = ("no", "one", "two", "three", "four", "five", "six")
    minutes = f"{POLICY.patience // timedelta(minutes=1)} minutes"
    help_page = " ".join((ROOT / "templates" / "help.html").read_text(encoding="utf-8").split())

    assert f"for {minutes}" in explain(Failure.RATE_LIMITED).advice
    assert f"happened {words[POLICY.losses]} times" in explain(Failure.WORKER_LOST).advice
    assert f"tried again, {words[POLICY.attempts]} times in all" in help_page
    assert f"waited for, up to {minutes}" in help_page
    assert f"gives it {words[POLICY.attempts]} new attempts" in help_page


def test_an_unknown_code_reads_as_a_fault_of_ours() -> None:
    assert explain("something_new") is EXPLANATIONS[Failure.INTERNAL_ERROR]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", [code for code in Failure if code is not Failure.CANCELLED])
def test_pages_show_the_code_in_details_only(
    code: Failure, person: User, control: Path, client: Client
) -> None:
    (control / "fail-1").write_text(code)
    session = new_session(person, 1, writer="python:tests.writers:FailingWriter")
    advance(session.pk)
    client.force_login(person)
    place = [session.version.book.book_id, 1]

    board = client.get(reverse("board", args=place)).content.decode()
    chapter = client.get(reverse("chapter", args=[*place, 1])).content.decode()
    attempts = client.get(reverse("chapter_attempts", args=[*place, 1])).content.decode()

    for html in (board, chapter, attempts):
        assert explain(code).heading in html
        assert code in html
        assert code not in DETAILS.sub("", html)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("control")
def test_an_error_of_somebodys_own_writer_is_its_writers(
    person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PlainWriter, "write", lambda *given: 1 / 0)
    session = new_session(person, 1, writer="python:tests.writers:PlainWriter")

    advance(session.pk)

    attempt = Attempt.objects.get()
    assert (attempt.error_code, attempt.error_message) == (
        "writer_error",
        "ZeroDivisionError: division by zero",
    )
    assert "our side" not in explain(attempt.error_code).heading + explain(attempt.error_code).advice


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("control")
def test_a_writer_that_cannot_be_loaded_is_no_providers_fault(person: User) -> None:
    session = new_session(person, 1, writer="python:tests.writers:nobody")

    advance(session.pk)

    assert session.items.get().error_code == "writer_unavailable"
    assert "provider" not in explain("writer_unavailable").heading
