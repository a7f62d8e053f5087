"""What a hostile person and a hostile upload try, and what they get."""

import asyncio
import json
import logging
import socket
import sys
from collections.abc import Callable
from html import unescape
from pathlib import Path
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import strip_tags
from pytest_django import Settings

from books.reading import render_chapter
from books.storyline import read_storyline
from books.text.citations import find_passages
from books.text.sentences import sentence_spans
from chapterflow_site.accounts.actions import create_token, make_sign_in_link, use_sign_in_link
from chapterflow_site.asgi import application
from chapterflow_site.core.logs import OneLineFormatter
from chapterflow_site.middleware import POLICY
from chapterflow_site.web.gate import ANONYMOUS_BYTES, BodyLimit, Message, Receive, Scope, Send, most_bytes
from chapterflow_site.web.origin import is_same_origin
from tests.workflow.sessions import new_version
from workflow.contract.agent_types import SourceChunk, SourceNode, WrittenChapter
from workflow.harmonization.find import find_all
from workflow.harmonization.protection import protected_spans
from workflow.notify import local

SignedIn = Callable[[User], Client]
# A pattern whose time grows with the square of this takes minutes; one that does not, a moment.
LONG = 200_000


def proof_of_sign_in(header: bytes) -> bytes:
    """Return the value of a header that shows a person who is signed in, or has a token."""
    person = User.objects.create_user("emm")
    if header == b"authorization":
        return f"Bearer {create_token(person, actor=person)[1]}".encode()
    client = Client()
    client.force_login(person)
    return f"{django_settings.SESSION_COOKIE_NAME}={client.session.session_key}".encode()


def head(path: str, *headers: tuple[bytes, bytes], method: str = "POST") -> Scope:
    return {
        "type": "http", "http_version": "1.1", "method": method, "path": path, "query_string": b"",
        "headers": [(b"host", b"localhost"), *headers],
    }  # fmt: skip


def listed(message: Message, key: str) -> list[tuple[bytes, bytes]]:
    found = message[key]
    assert isinstance(found, list)
    return found


async def answer_to(scope: Scope, *parts: bytes) -> tuple[int, dict[str, str], str, int]:
    """Return status, headers and text of the answer, and how many parts of the body were asked for."""
    waiting = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    asked = len(waiting)
    sent: list[Message] = []

    async def receive() -> Message:
        return waiting.pop(0) if waiting else await asyncio.Future()

    async def send(message: Message) -> None:
        sent.append(message)

    await application(scope, receive, send)
    status, body = sent[0]["status"], sent[-1]["body"]
    assert isinstance(status, int)
    assert isinstance(body, bytes)
    headers = {name.decode().lower(): value.decode() for name, value in listed(sent[0], "headers")}
    return status, headers, body.decode(), asked - len(waiting)


async def nothing() -> Message:
    return {"type": "http.disconnect"}


async def no_answer(message: Message) -> None:
    raise AssertionError(message)


class TestBodies:
    @pytest.mark.asyncio
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("path", ["/upload/", "/api/books", "/sign-in/", "/admin/login/"])
    async def test_large_body_of_nobody_is_refused_unread(self, path: str) -> None:
        scope = head(path, (b"content-length", b"50000000"))

        status, headers, _, read = await answer_to(scope, b"x" * 1_000)

        assert (status, read) == (413, 0)
        assert headers["content-security-policy"] == POLICY

    @pytest.mark.asyncio
    @pytest.mark.django_db(transaction=True)
    async def test_large_body_is_a_problem_of_the_api(self) -> None:
        _, headers, text, _ = await answer_to(head("/api/books", (b"content-length", b"50000000")))

        assert headers["content-type"] == "application/problem+json"
        assert '"too_large"' in text

    @pytest.mark.asyncio
    @pytest.mark.django_db(transaction=True)
    async def test_body_of_unknown_length_is_read_up_to_the_limit(self) -> None:
        part = b"x" * (ANONYMOUS_BYTES // 4)

        status, _, _, read = await answer_to(head("/upload/"), *[part] * 50)

        assert (status, read) == (413, 5)

    @pytest.mark.asyncio
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("header", [b"cookie", b"authorization"])
    async def test_forged_sign_in_has_no_more_room_than_none(self, header: bytes) -> None:
        forged = (
            f"{django_settings.SESSION_COOKIE_NAME}=whatever" if header == b"cookie" else "Bearer whatever"
        )
        scope = head("/upload/", (header, forged.encode()), (b"content-length", b"200000"))

        status, _, _, read = await answer_to(scope, b"x" * 1_000)

        assert (status, read) == (413, 0)

    @pytest.mark.asyncio
    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("header", [b"cookie", b"authorization"])
    async def test_signed_in_people_have_more_room_and_an_end_of_it(
        self, settings: Settings, header: bytes
    ) -> None:
        settings.CHAPTERFLOW_UPLOAD_BYTES = ANONYMOUS_BYTES
        proof = await sync_to_async(proof_of_sign_in)(header)
        seen: list[object] = []

        async def inner(scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(scope.get("chapterflow.too_large"))

        for length in (most_bytes(), most_bytes() + 1):
            scope = head("/upload/", (header, proof), (b"content-length", str(length).encode()))
            await BodyLimit(inner)(scope, nothing, no_answer)

        assert seen == [None, True]


class TestHeaders:
    @pytest.mark.parametrize(
        "path", ["/", "/books/nobody/", "/nowhere/", "/sign-in/", "/admin/", "/api/books"]
    )
    def test_no_answer_is_kept_or_runs_foreign_scripts(
        self, person: User, client_of: SignedIn, path: str
    ) -> None:
        headers = client_of(person).get(path).headers

        assert "no-store" in headers["Cache-Control"]
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"

    def test_exports_are_not_kept(self, person: User, client_of: SignedIn) -> None:
        version = new_version(person, 1)

        answer = client_of(person).get(f"/books/{version.book.book_id}/v1/export/md/")
        answer.close()

        assert "no-store" in answer.headers["Cache-Control"]

    def test_files_of_the_site_may_be_kept_and_run_nothing(self, client: Client, settings: Settings) -> None:
        settings.WHITENOISE_AUTOREFRESH = False

        answer = client.get("/static/app.css")
        answer.close()

        assert "no-store" not in answer.headers["Cache-Control"]
        assert answer.headers["Content-Security-Policy"] == POLICY


class TestNul:
    @pytest.mark.parametrize(
        "path",
        [
            "/books/a%00b/",
            "/books/a%00b/v1/outline/",
            "/books/a%00b/v1/board/",
            "/books/a%00b/v1/export/md%00/",
            "/?q=%00",
            "/upload/?book=%00",
            "/admin/books/book/?q=%00",
        ],
    )
    def test_address_with_a_nul_is_refused(self, admin_client: Client, path: str) -> None:
        assert admin_client.get(path).status_code in {400, 404}

    def test_nul_in_a_form_names_nothing(self, person: User, client_of: SignedIn) -> None:
        version = new_version(person, 2)
        client = client_of(person)

        moved = client.post(f"/books/{version.book.book_id}/v1/outline/move/", {"up": "n\x001"})
        sent = client.post("/upload/", {"book": "river\x00", "text": "{}"})

        assert (moved.status_code, sent.status_code) == (404, 404)

    def test_nul_in_a_cookie_is_nobody(self, client: Client, db: None) -> None:
        client.cookies[django_settings.SESSION_COOKIE_NAME] = "abcdefghij"
        client.cookies[django_settings.SESSION_COOKIE_NAME].set(
            django_settings.SESSION_COOKIE_NAME, "abcdefgh\x00", '"abcdefgh\\000"'
        )

        assert client.get("/").status_code == 302


class TestSigningIn:
    def test_new_password_ends_open_sign_in_links(self, person: User, client_of: SignedIn) -> None:
        link = make_sign_in_link(person)
        old, new = "bell-on-the-far-bank", "lantern-under-the-quay"

        client_of(person).post(
            "/account/password/", {"old_password": old, "new_password1": new, "new_password2": new}
        )

        assert use_sign_in_link(link) is None


class TestOrigin:
    @pytest.mark.parametrize(
        ("origin", "host", "is_ours"),
        [
            ("http://localhost:8000", "localhost:8000", True),
            ("https://books.example.org", "books.example.org", True),
            ("http://[::1]:8000", "[::1]:8000", True),
            ("http://localhost:9000", "localhost:8000", False),
            ("http://127.0.0.1:8000", "localhost:8000", False),
            ("http://localhost:8000.evil.example", "localhost:8000", False),
            ("null", "localhost:8000", False),
            ("", "localhost:8000", False),
            ("file://localhost", "localhost", False),
            ("http://localhost:x", "localhost", False),
        ],
    )
    def test_a_board_opens_from_its_own_site_only(self, origin: str, host: str, is_ours: bool) -> None:
        assert is_same_origin(origin, host) is is_ours

    @pytest.mark.parametrize(
        ("origin", "is_ours"),
        [
            ("https://books.example.org", True),
            ("http://books.example.org", False),
            ("https://a.example.net", True),
            ("https://example.org", False),
        ],
    )
    def test_trusted_origins_of_forms_are_trusted_by_sockets(
        self, settings: Settings, origin: str, is_ours: bool
    ) -> None:
        settings.CSRF_TRUSTED_ORIGINS = ["https://books.example.org", "https://*.example.net"]

        assert is_same_origin(origin, "10.0.0.1:8000") is is_ours


class TestWhatIsRecorded:
    @pytest.mark.parametrize("mark", ["\n", "\r", "\x1b[2J", "\x9b", "\u2028", "\u202e", "\x00"])
    def test_no_text_ends_a_log_line_or_steers_a_terminal(self, mark: str) -> None:
        record = logging.LogRecord("x", logging.INFO, "", 0, "refused %s", (f"a{mark}INFO forged",), None)

        line = OneLineFormatter("%(levelname)s %(message)s").format(record)

        assert mark not in line
        assert line.isprintable()

    def test_every_logger_writes_through_that_formatter(self) -> None:
        logging_settings = django_settings.LOGGING
        written = json.dumps(logging_settings)

        assert list(logging_settings["handlers"]) == ["console"]
        assert logging_settings["handlers"]["console"]["formatter"] == "plain"
        assert logging_settings["formatters"]["plain"]["()"] == "chapterflow_site.core.logs.OneLineFormatter"
        assert '"root": {"handlers": ["console"]' in written

    def test_a_trace_keeps_its_lines_and_no_others(self) -> None:
        try:
            raise ValueError("a\x1b[2Jb")
        except ValueError:
            record = logging.LogRecord("x", logging.ERROR, "", 0, "broke", (), sys.exc_info())

        text = OneLineFormatter("%(message)s").format(record)

        assert "\x1b" not in text
        assert "Traceback" in text.splitlines()[1]

    @pytest.mark.parametrize("mark", ["\x1b[31m", "\u202e", "\x9b", "\x07"])
    def test_titles_and_names_steer_nothing(self, mark: str) -> None:
        node = {"id": "n", "title": f"A{mark}B", "themes": [f"C{mark}D"]}

        document = read_storyline(json.dumps({"nodes": [node], "book": {"title": f"E{mark}F"}}))

        shown = document.nodes[0].title + document.nodes[0].themes[0] + document.book.title
        assert shown.isprintable()


class TestBell:
    def test_text_is_sent_to_no_folder_that_others_reach_into(self, settings: Settings) -> None:
        folder = Path(settings.DATA_DIR) / "bells"
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
            stranger.bind(str(folder / f"1{local.SUFFIX}"))
            stranger.setblocking(False)

            local.send_preview(str(uuid4()), 1, "What nobody else shall read.")

            with pytest.raises(BlockingIOError):
                stranger.recv(100)


def chapter(markdown: str, source: str) -> WrittenChapter:
    chunk = SourceChunk("c1", source, "Ann")
    return WrittenChapter(number=1, title="T", markdown=markdown, node=SourceNode("n", "T"), chunks=(chunk,))


class TestHostileText:
    @pytest.mark.parametrize("mark", [".", "…", "?!", '."', ". (", ". [1", "。[1]", "ก ", "A. "])
    def test_sentences_are_found_in_linear_time(self, mark: str) -> None:
        assert len(list(sentence_spans(mark * LONG))) <= LONG + 1

    @pytest.mark.parametrize("mark", ["`", "~", "```", "[", "[{", "\\`"])
    def test_protected_places_are_found_in_linear_time(self, mark: str) -> None:
        assert isinstance(protected_spans(mark * LONG, [SourceChunk("c1", mark * LONG)]), list)

    @pytest.mark.parametrize("mark", ["[", "TODO ", "(TODO"])
    def test_leftovers_are_found_in_linear_time(self, mark: str) -> None:
        assert isinstance(find_all([chapter(mark * (LONG // len(mark)), "Nothing.")]), dict)

    @pytest.mark.parametrize("mark", ["a…", "ab … ", "“a” "])
    def test_quotes_are_found_in_linear_time(self, mark: str) -> None:
        text = mark * (LONG // len(mark))

        assert find_passages(f"{text} [c1]", {"c1": text})

    @pytest.mark.parametrize("mark", ["¡", "&", "a ¡"])
    def test_text_is_rendered_whole_in_linear_time(self, mark: str) -> None:
        text = (mark * LONG * 4).strip()

        assert unescape(strip_tags(render_chapter(text, []).html)).strip() == text

    def test_quote_goes_on_over_the_ellipses_of_its_source(self) -> None:
        source = "It was … well … late. It was … early."

        quotes = [p.quote for p in find_passages("It was … early. [c1]", {"c1": source})]

        assert quotes == ["It was … early."]
