"""The admin: every model is there, history cannot be edited, actions do what the pages do, lists stay fast."""

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import Model
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from books.models import Book, BookVersion, Chapter, ChapterRevision, StorylineNode, TextChunk
from chapterflow_site.accounts.actions import create_token
from chapterflow_site.accounts.models import ApiToken, PasswordTry, SignInLink
from tests.crowd import Crowd
from tests.workflow.sessions import item, kinds, new_session, new_version
from workflow.actions import cancel_session, pause_session
from workflow.engine import advance
from workflow.models import (
    Attempt,
    ChangeStatus,
    ChapterWorkflowItem,
    ConsistencyRule,
    Event,
    FollowUpQuestion,
    HarmonizationChange,
    ProcessingSession,
    Provider,
)

OURS = ("books", "workflow", "accounts")
MODELS = [model for label in OURS for model in apps.get_app_config(label).get_models()]
EDITABLE = {"Book", "BookVersion", "ConsistencyRule"}
READ_ONLY = [model for model in MODELS if model.__name__ not in EDITABLE]

Happened = list[tuple[str, str, str, int | None, int | None]]


def name(model: type[Model]) -> str:
    return model._meta.label_lower.replace(".", "_")


def list_address(model: type[Model]) -> str:
    return reverse(f"admin:{name(model)}_changelist")


def page_address(row: Model) -> str:
    return reverse(f"admin:{name(type(row))}_change", args=[row.pk])


@pytest.fixture
def administrator(db: None) -> User:
    """The installation's administrator, who has no book."""
    return User.objects.create_superuser("admin", password="keys-of-the-ferry")


@pytest.fixture
def desk(administrator: User, client_of: Callable[[User], Client]) -> Client:
    """The administrator's browser."""
    return client_of(administrator)


@pytest.fixture
def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Path:
    """The folder that steers the writer of `failed_session`."""
    monkeypatch.setenv("CHAPTERFLOW_TEST_CONTROL", str(tmp_path))
    settings.CHAPTERFLOW_WRITERS = ["python:tests.writers:*"]
    return tmp_path


def failed_session(owner: User, control: Path) -> ProcessingSession:
    """A session whose second of three chapters has failed for good."""
    (control / "fail-2").write_text("content_filtered")
    session = new_session(owner, writer="python:tests.writers:failing")
    advance(session.pk)
    return fresh(session)


def written_session(owner: User) -> ProcessingSession:
    session = new_session(owner)
    advance(session.pk)
    return fresh(session)


def fresh(session: ProcessingSession) -> ProcessingSession:
    return ProcessingSession.objects.select_related("version__book").get(pk=session.pk)


def run(client: Client, action: str, *rows: Model, confirmed: bool = False) -> list[str]:
    """Run an admin action on the rows; return what it says."""
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    if confirmed:
        data["confirmed"] = "yes"
    response = client.post(list_address(type(rows[0])), data, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def happened(session: ProcessingSession, after: int) -> Happened:
    """What was recorded after event `after`: kind, from, to, attempt, chapter; with nobody left out."""
    events = session.events.filter(seq__gt=after).select_related("item").order_by("seq")
    return [(e.kind, e.from_status, e.to_status, e.attempt, e.item and e.item.number) for e in events]


class TestEveryModel:
    def test_is_registered(self) -> None:
        assert [model.__name__ for model in MODELS if not admin.site.is_registered(model)] == []

    def test_queue_keeps_its_own_tables(self) -> None:
        registered = {model._meta.label for model in admin.site._registry}

        assert {"django_q.Schedule", "django_q.Success", "django_q.Failure", "django_q.OrmQ"} <= registered

    def test_list_page_search_and_filters(self, person: User, desk: Client) -> None:
        Crowd(person).grow(2)

        for model in MODELS:
            pages = admin.site._registry[model]
            assert desk.get(list_address(model), {"q": "river 7"}).status_code == 200, model
            for row in model._default_manager.all()[:2]:
                assert desk.get(page_address(row)).status_code == 200, model
            for one in pages.list_filter:
                field, query = (one, "exact") if isinstance(one, str) else (one[0], "isempty")
                response = desk.get(list_address(model), {f"{field}__{query}": "1"})
                assert response.status_code in {200, 302}, (model, field)

    def test_no_list_asks_once_per_row(self, person: User, desk: Client) -> None:
        crowd = Crowd(person)
        crowd.grow(2)
        few = {model: queries(desk, list_address(model)) for model in MODELS}

        crowd.grow(198)

        assert {model: queries(desk, list_address(model)) for model in MODELS} == few

    def test_no_page_asks_once_per_row(self, person: User, desk: Client) -> None:
        crowd = Crowd(person)
        crowd.grow(2)
        hubs: list[Model] = [crowd.book, crowd.version, crowd.session]
        for model in (TextChunk, StorylineNode, Chapter, ChapterRevision, ChapterWorkflowItem):
            first = model._default_manager.order_by("pk").first()
            assert first is not None
            hubs.append(first)
        few = [queries(desk, page_address(row)) for row in hubs]

        crowd.grow(198)

        many = [queries(desk, page_address(row)) for row in hubs]
        # Beside the first rows there is one link more, to all of them, which is no query.
        assert many == few

    def test_pages_keep_to_the_content_security_policy(self, person: User, desk: Client) -> None:
        Crowd(person).grow(2)
        pages = [reverse("admin:index"), reverse("admin:books_book_add")]
        for model in MODELS:
            row = model._default_manager.all()[0]
            pages += [list_address(model), page_address(row)]

        for page in pages:
            response = desk.get(page)
            html = response.content.decode()
            assert "script-src 'self';" in response["Content-Security-Policy"]
            assert not re.search(
                r"<style|\sstyle=|\son\w+=|<script(?![^>]*(?:src=|type=\"application/json\"))", html
            )

    def test_text_of_an_upload_is_escaped(self, person: User, desk: Client) -> None:
        Crowd(person).grow(2)
        bad = "<script>alert(1)</script>"
        for model, columns in (
            (TextChunk, {"text": bad, "extra": {"x": bad}, "key": bad}),
            (StorylineNode, {"title": bad, "themes": [bad]}),
            (ChapterRevision, {"markdown": bad}),
            (Chapter, {"title": bad}),
            (Attempt, {"partial_text": bad, "context": {"x": bad}}),
        ):
            model._default_manager.update(**columns)

        for model in MODELS:
            for page in (list_address(model), page_address(model._default_manager.all()[0])):
                html = desk.get(page).content.decode()
                assert bad not in html, page

    def test_json_is_shown_a_value_a_line(self, person: User, desk: Client) -> None:
        Crowd(person).grow(1)
        TextChunk.objects.update(extra={"tape": "Ä", "side": 2})

        html = desk.get(page_address(TextChunk.objects.get())).content.decode()

        assert "{\n  &quot;tape&quot;: &quot;Ä&quot;,\n  &quot;side&quot;: 2\n}" in html


def queries(client: Client, address: str) -> int:
    client.get(address)  # what is kept between requests is asked for here
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


class TestReadOnly:
    @pytest.mark.parametrize("model", READ_ONLY)
    def test_nobody_adds_or_changes_by_hand(self, model: type[Model], administrator: User) -> None:
        request = RequestFactory().get("/")
        request.user = administrator
        pages = admin.site._registry[model]

        assert not pages.has_add_permission(request)
        assert not pages.has_change_permission(request)
        assert pages.has_view_permission(request)
        assert pages.has_delete_permission(request) == (model in {ApiToken, PasswordTry, SignInLink})

    def test_a_forged_form_changes_nothing(self, person: User, desk: Client) -> None:
        session = new_session(person)
        event = session.events.get()

        answers = [
            desk.post(page_address(session), {"status": "completed"}),
            desk.post(page_address(item(session, 1)), {"status": "completed"}),
            desk.post(page_address(event), {"kind": "nothing"}),
            desk.post(reverse("admin:workflow_event_add"), {"session": session.pk, "seq": 2, "kind": "x"}),
            desk.post(reverse("admin:workflow_event_delete", args=[event.pk]), {"post": "yes"}),
        ]

        assert [answer.status_code for answer in answers] == [403] * 5
        assert fresh(session).status == "initialized"
        assert item(session, 1).status == "pending"
        assert kinds(session) == ["session_started"]

    def test_a_started_outline_is_fixed(self, person: User, desk: Client) -> None:
        session = new_session(person)

        answer = desk.post(page_address(session.version), {"dependencies": "graph", "preferences": "{}"})

        assert answer.status_code == 403
        assert BookVersion.objects.get().dependencies == "sequential"

    def test_who_may_only_look_has_no_actions(
        self, person: User, stranger: User, client_of: Callable[[User], Client]
    ) -> None:
        session = new_session(person)
        stranger.is_staff = True
        stranger.save()
        stranger.user_permissions.add(Permission.objects.get(codename="view_processingsession"))

        run(client_of(stranger), "pause", session)

        assert fresh(session).paused_at is None


class TestBooks:
    def test_changing_a_book_changes_the_edited_columns_only(self, person: User, desk: Client) -> None:
        book = new_version(person).book
        form = {
            "owner": person.pk, "title": "  The   Ferry ", "subtitle": "", "author": "", "language": "en",
            "description": "", "preferences": "{}", **no_versions(),
        }  # fmt: skip

        answer = desk.post(page_address(book), form)

        book.refresh_from_db()
        assert answer.status_code == 302
        assert (book.title, book.book_id) == ("The Ferry", "the-river")

    def test_a_book_is_made_as_on_the_site(self, person: User, desk: Client) -> None:
        form = {
            "book_id": "salt", "owner": person.pk, "title": "Salt", "subtitle": "", "author": "", "language": "de",
            "description": "", "preferences": "{}", **no_versions(),
        }  # fmt: skip

        answer = desk.post(reverse("admin:books_book_add"), form)

        made = Book.objects.get()
        assert (made.book_id, made.owner, made.language) == ("salt", person, "de")
        assert urlsplit(answer["Location"]).path == list_address(Book)

    def test_a_refusal_is_shown_above_the_form(self, person: User, desk: Client) -> None:
        book = new_version(person).book
        form = {
            "owner": person.pk, "title": "Salt", "subtitle": "", "author": "", "language": "not a language",
            "description": "", "preferences": "{}", **no_versions(),
        }  # fmt: skip

        answer = desk.post(page_address(book), form, follow=True)

        assert "A language is written like" in answer.content.decode()
        assert Book.objects.get().title == book.title

    def test_writer_and_preferences_of_a_book_are_checked(self, person: User, desk: Client) -> None:
        book = new_version(person).book
        form = {
            "owner": person.pk, "title": book.title, "subtitle": "", "author": "", "language": "en",
            "description": "", "preferences": "{}", **no_versions(),
        }  # fmt: skip

        writer = desk.post(page_address(book), {**form, "writer": "python:os:system"}, follow=True)
        wishes = desk.post(page_address(book), {**form, "preferences": '{"tense": "future"}'}, follow=True)
        desk.post(page_address(book), {**form, "writer": "quotations"})

        book.refresh_from_db()
        assert "does not offer the writer “python:os:system”" in writer.content.decode()
        assert "references.tense: “future” is not one of the choices" in wishes.content.decode()
        assert (book.writer, book.preferences) == ("quotations", {})

    def test_a_book_is_handed_to_somebody_else(self, person: User, stranger: User, desk: Client) -> None:
        book = new_version(person).book
        form = {
            "owner": stranger.pk, "title": book.title, "subtitle": "", "author": "", "language": "en",
            "description": "", "preferences": "{}", **no_versions(),
        }  # fmt: skip

        desk.post(page_address(book), form)

        assert Book.objects.get().owner == stranger

    def test_outline_choices_change_until_the_start(self, person: User, desk: Client) -> None:
        version = new_version(person)

        desk.post(page_address(version), {"dependencies": "graph", "preferences": '{"words": 900}'})

        version.refresh_from_db()
        assert (version.dependencies, version.preferences) == ("graph", {"words": 900})

    @pytest.mark.parametrize("door", ["page", "action"])
    def test_deleting_a_book_cancels_its_session_first(
        self, door: str, person: User, desk: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session, other = new_session(person), new_session(person)
        cancelled: list[object] = []
        monkeypatch.setattr(
            "workflow.actions.library.cancel_session", lambda session, actor: cancelled.append(session.pk)
        )
        book = session.version.book

        if door == "page":
            asked = desk.get(reverse("admin:books_book_delete", args=[book.pk]))
            desk.post(reverse("admin:books_book_delete", args=[book.pk]), {"post": "yes"})
        else:
            choice = {"action": "delete_selected", "_selected_action": [book.pk]}
            asked = desk.post(list_address(Book), choice)
            desk.post(list_address(Book), {**choice, "post": "yes"})

        assert dict(asked.context["model_count"])["chapters"] == 3
        assert cancelled == [session.pk]
        assert list(ProcessingSession.objects.all()) == [other]

    def test_a_person_with_books_is_not_deleted_with_them(self, person: User, desk: Client) -> None:
        new_session(person)

        desk.post(reverse("admin:auth_user_delete", args=[person.pk]), {"post": "yes"})

        assert User.objects.filter(pk=person.pk).exists()
        assert Book.objects.count() == 1

    def test_a_person_without_books_is_deleted_with_tokens(self, person: User, desk: Client) -> None:
        create_token(person, actor=person)

        desk.post(reverse("admin:auth_user_delete", args=[person.pk]), {"post": "yes"})

        assert not User.objects.filter(pk=person.pk).exists()


def no_versions() -> Mapping[str, object]:
    """What the form of a book sends for its list of versions."""
    return {"versions-TOTAL_FORMS": 0, "versions-INITIAL_FORMS": 0}


class TestLinks:
    def test_rows_lead_to_each_other(self, person: User, desk: Client) -> None:
        session = written_session(person)
        version = session.version
        first = item(session, 1)
        chapter = first.chapter
        revision = chapter.current_revision
        assert revision is not None
        links = {
            version.book: [version, f"{list_address(TextChunk)}?book__id__exact={version.book.pk}"],
            version: [version.book, session, chapter, f"{list_address(StorylineNode)}?version__id__exact="],
            session: [version, first, f"{list_address(Event)}?session__id__exact={session.pk}"],
            first: [session, chapter, item(session, 2), first.attempts.get()],
            chapter: [version, first, revision, chapter.node],
            revision: [chapter, revision.citations.all()[0].chunk],
        }

        for row, targets in links.items():
            html = desk.get(page_address(row)).content.decode()
            for target in targets:
                address = target if isinstance(target, str) else page_address(target)
                assert f'href="{address}' in html, f"{row!r} → {target!r}"

    def test_long_lists_end_in_a_link_to_all(self, person: User, desk: Client) -> None:
        session = new_session(person, 60)

        html = desk.get(page_address(session)).content.decode()

        assert (
            html.count("/admin/workflow/chapterworkflowitem/") == 50 + html.count("chapterworkflowitem/?") + 1
        )
        assert f"?session__id__exact={session.pk}" in html
        assert "60 chapter workflow items" in html

    def test_pages_of_the_site_are_offered_to_those_who_may_open_them(
        self, person: User, administrator: User, client_of: Callable[[User], Client]
    ) -> None:
        own, others = new_session(administrator), new_session(person)
        desk = client_of(administrator)

        def board(session: ProcessingSession) -> str:
            return reverse("board", args=[session.version.book.book_id, 1])

        for session, offered in ((own, True), (others, False)):
            rows = (
                session,
                session.version,
                item(session, 1),
                item(session, 1).chapter,
                session.events.get(),
            )
            pages = [desk.get(page_address(row)).content.decode() for row in rows]
            assert [board(session) in page for page in pages] == [offered] * 5


class TestSameAsThePages:
    """An action in the admin leaves the Event that the page's button leaves."""

    @pytest.mark.parametrize(
        ("action", "button", "prepare"),
        [
            ("pause", "session_pause", None),
            ("resume", "session_resume", pause_session),
            ("cancel", "session_cancel", None),
        ],
    )
    def test_sessions(
        self,
        action: str,
        button: str,
        prepare: Callable[..., object] | None,
        administrator: User,
        desk: Client,
    ) -> None:
        by_page, by_admin = new_session(administrator), new_session(administrator)
        if prepare:
            prepare(by_page, actor=administrator)
            prepare(by_admin, actor=administrator)
        seq = fresh(by_page).event_seq

        desk.post(reverse(button, args=[by_page.pk]))
        run(desk, action, by_admin, confirmed=True)

        assert happened(by_admin, seq) == happened(by_page, seq) != []
        assert by_admin.events.latest("seq").actor == administrator

    def test_retrying_what_failed(self, administrator: User, desk: Client, failing: Path) -> None:
        by_page, by_admin = failed_session(administrator, failing), failed_session(administrator, failing)
        seq = by_page.event_seq

        desk.post(reverse("session_retry", args=[by_page.pk]))
        said = run(desk, "retry", by_admin)

        assert happened(by_admin, seq) == happened(by_page, seq) != []
        assert said == ["1 session is tried again."]

    def test_retrying_a_chapter(self, administrator: User, desk: Client, failing: Path) -> None:
        by_page, by_admin = failed_session(administrator, failing), failed_session(administrator, failing)
        seq = by_page.event_seq

        desk.post(reverse("chapter_retry", args=[by_page.pk, 2]))
        said = run(desk, "retry", item(by_admin, 2))

        assert happened(by_admin, seq) == happened(by_page, seq) != []
        assert said == ["1 chapter is tried again."]

    @pytest.mark.parametrize(
        ("action", "before", "after"),
        [
            ("undo", ChangeStatus.APPLIED, ChangeStatus.UNDONE),
            ("apply", ChangeStatus.SUGGESTED, ChangeStatus.KEPT),
            ("keep", ChangeStatus.APPLIED, ChangeStatus.KEPT),
            ("dismiss", ChangeStatus.SUGGESTED, ChangeStatus.DISMISSED),
        ],
    )
    def test_changes(
        self,
        action: str,
        before: ChangeStatus,
        after: ChangeStatus,
        administrator: User,
        desk: Client,
        failing: Path,
    ) -> None:
        by_page, by_admin = (change_in(plain_session(administrator), before) for _ in range(2))
        seq = by_page.session.event_seq

        desk.post(reverse("change_decide", args=[by_page.pk, action]))
        said = run(desk, action, by_admin)

        by_admin.refresh_from_db()
        assert happened(by_admin.session, seq) == happened(by_page.session, seq) != []
        assert (by_admin.status, by_admin.decided_by) == (after, administrator)
        assert len(said) == 1
        assert said[0].startswith("1 ")

    def test_questions(self, administrator: User, desk: Client) -> None:
        by_page, by_admin = (question_in(new_session(administrator)) for _ in range(2))

        desk.post(reverse("question_dismiss", args=[by_page.pk]))
        said = run(desk, "put_aside", by_admin)

        assert happened(by_admin.session, 1) == happened(by_page.session, 1) != []
        assert said == ["1 question was put aside."]

    def test_tokens(self, administrator: User, desk: Client) -> None:
        token, _ = create_token(administrator, actor=administrator)

        asked = run(desk, "revoke", token)
        token.refresh_from_db()
        assert (asked, token.revoked_at) == ([], None)

        said = run(desk, "revoke", token, confirmed=True)
        token.refresh_from_db()
        assert said == ["1 token was revoked."]
        assert token.revoked_at is not None

    def test_rules(self, administrator: User, desk: Client) -> None:
        book = new_version(administrator).book

        made = desk.post(reverse("admin:workflow_consistencyrule_add"), {"book": book.pk, "key": "dashes"})
        rule = ConsistencyRule.objects.get()
        assert (made.status_code, rule.key, rule.is_enabled) == (302, "dashes", False)

        desk.post(page_address(rule), {"is_enabled": "on"})
        rule.refresh_from_db()
        assert rule.is_enabled

    def test_restart_of_what_was_cancelled(self, administrator: User, desk: Client) -> None:
        cancelled, running = new_session(administrator), new_session(administrator)
        cancel_session(cancelled, actor=administrator)

        said = run(desk, "restart", cancelled, running)

        assert kinds(cancelled)[-1] == "session_restarted"
        assert said == [
            "1 session was started again.",
            f"{running}: Only a cancelled session can be started again.",
        ]


def plain_session(owner: User) -> ProcessingSession:
    """A session whose chapters read “This is what chapter 1, Year 1, tells.”"""
    session = new_session(owner, writer="python:tests.writers:plain")
    advance(session.pk)
    return fresh(session)


def change_in(session: ProcessingSession, status: ChangeStatus) -> HarmonizationChange:
    """A change from “say” to “tells”, or a suggestion to do the reverse, in the first chapter."""
    revision = item(session, 1).chapter.current_revision
    assert revision is not None
    offset = revision.markdown.index("tells")
    words = ("say", "tells") if status == ChangeStatus.APPLIED else ("tells", "says")
    return HarmonizationChange.objects.create(
        session=session, chapter=revision.chapter, rule="names", severity="minor", status=status, find=words[0],
        replace=words[1], offset=offset, before=revision.markdown[:offset], after=revision.markdown[offset + 5 :],
        reason="One word for one thing",
    )  # fmt: skip


def question_in(session: ProcessingSession) -> FollowUpQuestion:
    return FollowUpQuestion.objects.create(
        version=session.version, session=session, key="k", category="names", text="Who?", reason="Named once"
    )


class TestActions:
    def test_cancel_asks_first(self, person: User, desk: Client) -> None:
        session = new_session(person)
        data = {"action": "cancel", "_selected_action": [session.pk]}

        page = desk.post(list_address(ProcessingSession), data).content.decode()

        assert fresh(session).status == "initialized"
        assert "Cancel these sessions?" in page
        assert f'name="_selected_action" value="{session.pk}"' in page
        assert 'name="confirmed" value="yes"' in page

    def test_each_refusal_is_told_with_its_row(self, person: User, desk: Client) -> None:
        done, running = written_session(person), new_session(person)

        said = run(desk, "cancel", done, running, confirmed=True)

        assert said == [
            "1 session was cancelled.",
            f"{done}: The book is completed; there is nothing to cancel.",
        ]

    def test_many_refusals_are_counted(self, person: User, desk: Client) -> None:
        session = new_session(person, 15)

        said = run(desk, "retry", *session.items.order_by("number"))

        assert len(said) == 15
        assert said[0].startswith("Chapter 1: pending: Chapter 1 has not failed")

    def test_refusals_of_one_reason_are_one_sentence(self, person: User, desk: Client) -> None:
        changes = [change_in(written_by_hand(person), ChangeStatus.SUGGESTED) for _ in range(13)]

        said = run(desk, "undo", *changes)

        assert said[-1] == "3 more: Only a change that was made can be undone."
        assert len(said) == 11

    def test_asking_for_questions_again(self, person: User, desk: Client) -> None:
        session = written_session(person)

        said = run(desk, "ask_questions_again", session)

        assert said == ["Questions are asked again in 1 session."]
        assert kinds(session)[-1] == "questions_requested"

    def test_provider_is_asked_again_at_once(self, person: User, desk: Client) -> None:
        soon = timezone.now() + timedelta(seconds=60)
        waiting = Provider.objects.create(name="openai", cooling_until=soon, ceiling=2)
        idle = Provider.objects.create(name="ollama")

        said = run(desk, "end_wait", waiting, idle)

        assert said == ["1 provider is asked again.", "ollama: Nobody waits for this provider."]
        assert list(Provider.objects.filter(cooling_until=None).values_list("ceiling", flat=True)) == [
            None,
            2,
        ]

    def test_nothing_is_written_into_the_admins_own_history(self, person: User, desk: Client) -> None:
        run(desk, "pause", new_session(person))

        assert not LogEntry.objects.exists()


def written_by_hand(owner: User) -> ProcessingSession:
    """A session whose first chapter has a text with the word “tells” in it."""
    session = new_session(owner, 1)
    chapter = item(session, 1).chapter
    chapter.current_revision = ChapterRevision.objects.create(
        chapter=chapter, number=1, origin="person", title="Year 1", markdown="She tells.", agent="person"
    )
    chapter.save()
    return session


class TestSigningIn:
    def test_there_is_one_sign_in_page(self, db: None, client: Client) -> None:
        page = list_address(Book)

        answer = client.get(page, follow=True)

        address, _ = answer.redirect_chain[-1]
        assert urlsplit(address).path == reverse("sign_in")
        assert parse_qs(urlsplit(address).query) == {"next": [page]}

    def test_signing_in_leads_back(self, client: Client, administrator: User) -> None:
        page = list_address(Book)

        answer = client.post(
            f"{reverse('sign_in')}?next={page}", {"username": "admin", "password": "keys-of-the-ferry"}
        )

        assert (answer.status_code, answer["Location"]) == (302, page)

    def test_somebody_without_access_is_told_so(
        self, person: User, client_of: Callable[[User], Client]
    ) -> None:
        answer = client_of(person).get(reverse("admin:index"), follow=True)

        assert answer.status_code == 403
        assert len(answer.redirect_chain) == 1

    def test_it_has_the_products_name(self, desk: Client) -> None:
        html = desk.get(reverse("admin:index")).content.decode()

        assert "ChapterFlow</a>" in html
        assert "Django administration" not in html
