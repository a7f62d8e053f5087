"""Log lines that a machine reads: one JSON object each, with what was being worked on."""

import contextvars
import io
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from chapterflow_site.accounts.actions import make_sign_in_link, use_sign_in_link
from chapterflow_site.core.logs import JSONFormatter, OneLineFormatter, WorkFilter, working_on
from chapterflow_site.web_server import DiscreetAccessLog
from tests.workflow.sessions import new_session
from workflow.engine import advance


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What is logged from now on, as the JSON handler writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JSONFormatter())
    handler.addFilter(WorkFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def read(lines: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_line_says_what_was_worked_on_and_no_longer_afterwards(lines: io.StringIO) -> None:
    log = logging.getLogger("workflow.test")

    with working_on(session="s-1"):
        with working_on(chapter=3, attempt=2):
            log.warning("within")
        log.warning("between")
    log.warning("after")

    within, between, after = read(lines)
    assert (within["session"], within["chapter"], within["attempt"]) == ("s-1", 3, 2)
    assert between["session"] == "s-1"
    assert "chapter" not in between
    assert "session" not in after


def test_line_of_a_thread_belongs_to_the_work_that_began_it(lines: io.StringIO) -> None:
    with working_on(session="s-2", chapter=7):
        run = contextvars.copy_context().run
        thread = threading.Thread(target=run, args=(lambda: logging.getLogger("workflow.test").error("x"),))
        thread.start()
        thread.join()

    assert read(lines)[0]["chapter"] == 7


def test_line_is_one_line_whatever_it_says(lines: io.StringIO) -> None:
    try:
        raise ValueError("first\nsecond\x1b[2J")
    except ValueError:
        logging.getLogger("workflow.test").exception("a\nb\u2028c")

    (line,) = lines.getvalue().splitlines()
    assert line.isprintable()
    assert json.loads(line)["trace"].endswith("second\x1b[2J")


@pytest.mark.django_db(transaction=True)
def test_every_line_of_a_session_names_it_and_a_failure_its_chapter(
    person: User, lines: io.StringIO, settings: Settings
) -> None:
    settings.CHAPTERFLOW_WRITERS = ["python:tests.missing:writer"]
    session = new_session(person, 2, writer="python:tests.missing:writer")

    advance(session.pk)

    written = [line for line in read(lines) if str(line["logger"]).startswith("workflow")]
    assert {line.get("session") for line in written} == {str(session.pk)}
    assert {line.get("chapter") for line in written if "failed:" in str(line["message"])} == {1}


class TestSignInLinks:
    """Whoever reads the log must not be able to sign in."""

    def test_post_from_elsewhere_writes_no_secret_and_uses_nothing_up(
        self, lines: io.StringIO, person: User
    ) -> None:
        secret = make_sign_in_link(person)

        answer = Client(enforce_csrf_checks=True).post(f"/sign-in/{secret}/")

        assert answer.status_code == 403
        assert "/sign-in/***/" in lines.getvalue()
        assert secret not in lines.getvalue()
        # It was not the person's own browser that asked; the person's own may still do so.
        assert use_sign_in_link(secret) == person

    def test_no_line_and_no_trace_has_it(self, lines: io.StringIO, person: User) -> None:
        secret = make_sign_in_link(person)
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(OneLineFormatter("%(message)s"))
        logging.getLogger().addHandler(handler)

        try:
            raise ValueError(f"http://localhost/sign-in/{secret}/?x")
        except ValueError:
            logging.getLogger("django.request").exception("broke: %s", f"/sign-in/{secret}/")
        finally:
            logging.getLogger().removeHandler(handler)

        assert secret not in stream.getvalue() + lines.getvalue()
        assert stream.getvalue().count("/sign-in/***/") == 2

    def test_log_of_requests_has_it_not(self, person: User) -> None:
        stream, secret = io.StringIO(), make_sign_in_link(person)

        DiscreetAccessLog(stream)(
            "http", "complete",
            {"client": "127.0.0.1:1", "method": "GET", "path": f"/sign-in/{secret}/", "status": 200, "size": 1},
        )  # fmt: skip

        assert "/sign-in/***/" in stream.getvalue()
        assert secret not in stream.getvalue()

    def test_no_logger_has_a_handler_of_its_own(self) -> None:
        loggers = [
            logging.getLogger(name) for name in ("django", "django.server", "daphne", "django.security.csrf")
        ]

        assert [handler for logger in loggers for handler in logger.handlers] == []
