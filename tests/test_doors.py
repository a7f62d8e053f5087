"""Every door does the same thing: page, HTMX, API by cookie and by token, admin and the action leave equal Events."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from books.models import BookVersion
from chapterflow_site.accounts.actions import create_token
from chapterflow_site.core.exceptions import Conflict
from tests.api_world import WRITER, drive, failed, new_book, nodes, post
from workflow import actions
from workflow.engine.budget.limits import Limits
from workflow.models import Event, ProcessingSession

# What an Event says, but for its number and time: kind, chapter, from, to, actor.
Told = tuple[str, int | None, str, str, str | None]
DispatchGate = Callable[["Situation"], HttpResponse | None]


@dataclass(frozen=True)
class Situation:
    """A person at a door, and what the door leads to. `session` is None before the start."""

    person: User
    version: BookVersion
    session: ProcessingSession | None = None

    @property
    def begun(self) -> ProcessingSession:
        """The session, which is there."""
        assert self.session is not None
        return self.session

    @property
    def client(self) -> Client:
        """A browser in which the person is signed in."""
        client = Client()
        client.force_login(self.person)
        return client

    def events(self) -> list[Told]:
        """All that was told of the version's session."""
        rows = Event.objects.filter(session__version=self.version).order_by("seq")
        columns = ("kind", "item__number", "from_status", "to_status", "actor__username")
        return list(rows.values_list(*columns))


def not_started(person: User, settings: Settings) -> Situation:
    client = Client()
    client.force_login(person)
    new_book(person)
    assert post(client, "/books/river/storyline", nodes(2)).status_code == 201
    return Situation(person, BookVersion.objects.get())


def running(person: User, settings: Settings) -> Situation:
    situation = not_started(person, settings)
    session, _ = actions.start_session(situation.version, actor=None)
    return Situation(person, situation.version, session)


def paused(person: User, settings: Settings) -> Situation:
    situation = running(person, settings)
    actions.pause_session(situation.begun, actor=None)
    return situation


def over_budget(person: User, settings: Settings) -> Situation:
    situation = running(person, settings)
    ProcessingSession.objects.filter(pk=situation.begun.pk).update(
        paused_at=timezone.now(), pause_reason="budget", budget_tokens=1_000
    )
    return situation


def cancelled(person: User, settings: Settings) -> Situation:
    situation = running(person, settings)
    actions.cancel_session(situation.begun, actor=None)
    return situation


def stopped(person: User, settings: Settings) -> Situation:
    client = Client()
    client.force_login(person)
    new_book(person)
    session = failed(client, settings, broken=[2])
    return Situation(person, session.version, session)


def completed(person: User, settings: Settings) -> Situation:
    situation = running(person, settings)
    return Situation(person, situation.version, drive(situation.begun.pk))


def asked_again(person: User, settings: Settings) -> Situation:
    situation = completed(person, settings)
    actions.regenerate_chapter(situation.begun.items.get(number=2), actor=None)
    return situation


def outdated(person: User, settings: Settings) -> Situation:
    situation = completed(person, settings)
    actions.regenerate_chapter(situation.begun.items.get(number=1), actor=None)
    return Situation(person, situation.version, drive(situation.begun.pk))


def to_page(
    name: str,
    *,
    chapter: int | None = None,
    is_htmx: bool = False,
    data: dict[str, str] | None = None,
) -> DispatchGate:
    """A form of a page, or the same with HTMX."""

    def go(at: Situation) -> HttpResponse:
        names = {"chapter": chapter} if chapter else {}
        address = reverse(name, kwargs={"session_id": at.begun.pk, **names})
        return at.client.post(address, data, headers={"HX-Request": "true"} if is_htmx else {})

    return go


def to_start_page(at: Situation) -> HttpResponse:
    """The form of the outline, and of a cancelled board."""
    return at.client.post(reverse("start", args=[at.version.book.book_id, at.version.number]))


def to_api(path: str, *, by_token: bool = False, data: dict[str, object] | None = None) -> DispatchGate:
    """An operation of the API."""

    def go(at: Situation) -> HttpResponse:
        address = path.format(session=at.session.pk if at.session else "", chapter="river_v1_chapter_2")
        if not by_token:
            return post(at.client, address, data)
        _, secret = create_token(at.person, actor=at.person)
        return post(Client(enforce_csrf_checks=True), address, data or {}, Authorization=f"Bearer {secret}")

    return go


def to_admin(model: str, name: str, *, chapter: int | None = None) -> DispatchGate:
    """An action of the admin."""

    def go(at: Situation) -> HttpResponse:
        User.objects.filter(pk=at.person.pk).update(is_staff=True, is_superuser=True)
        row = at.begun.items.get(number=chapter) if chapter else at.begun
        sent = {"action": name, ACTION_CHECKBOX_NAME: str(row.pk), "confirmed": "yes"}
        return at.client.post(reverse(f"admin:workflow_{model}_changelist"), sent)

    return go


def to_action(act: Callable[..., object]) -> DispatchGate:
    """The action on the session."""

    def go(at: Situation) -> None:
        act(at.begun, actor=at.person)

    return go


def to_start_action(at: Situation) -> None:
    """The action on the version."""
    actions.start_session(at.version, actor=at.person)


def to_chapter_action(act: Callable[..., object]) -> DispatchGate:
    """The action on the second chapter."""

    def go(at: Situation) -> None:
        act(at.begun.items.get(number=2), actor=at.person)

    return go


@dataclass(frozen=True)
class Deed:
    """Something that can be done: where it begins, its doors, and what is told of it afterwards."""

    begin: Callable[[User, Settings], Situation]
    doors: dict[str, DispatchGate]
    told: tuple[Told, ...]


WHO = "ottilie"
START_API = "/books/river/versions/v1/start"
RETRIED: Told = ("chapter_retried", 2, "failed", "pending", WHO)
GOES_ON: Told = ("session_retried", None, "failed", "processing", WHO)

CHAPTER_API = "/chapters/{chapter}"
ASKED: Told = ("regeneration_requested", 2, "completed", "pending", WHO)
WRITES_ON: Told = ("session_retried", None, "completed", "processing", WHO)
KEPT: Told = ("regeneration_withdrawn", 2, "pending", "completed", WHO)

DEEDS = {
    "write a chapter again": Deed(
        completed,
        {
            "action": to_chapter_action(actions.regenerate_chapter),
            "page": to_page("chapter_again", chapter=2),
            "htmx": to_page("chapter_again", chapter=2, is_htmx=True),
            "api": to_api(f"{CHAPTER_API}/regenerate", data={}),
            "token": to_api(f"{CHAPTER_API}/regenerate", by_token=True),
            "admin": to_admin("chapterworkflowitem", "regenerate", chapter=2),
        },
        (ASKED, WRITES_ON),
    ),
    "keep the earlier text": Deed(
        asked_again,
        {
            "action": to_chapter_action(actions.withdraw_regeneration),
            "page": to_page("chapter_keep", chapter=2),
            "htmx": to_page("chapter_keep", chapter=2, is_htmx=True),
            "api": to_api(f"{CHAPTER_API}/keep"),
            "token": to_api(f"{CHAPTER_API}/keep", by_token=True),
            "admin": to_admin("chapterworkflowitem", "keep", chapter=2),
        },
        (KEPT, ("writing_finished", None, "processing", "harmonizing", None)),
    ),
    "write outdated chapters again": Deed(
        outdated,
        {
            "action": to_action(actions.regenerate_outdated),
            "page": to_page("session_regenerate"),
            "htmx": to_page("session_regenerate", is_htmx=True),
            "api": to_api("/sessions/{session}/regenerate-outdated"),
            "token": to_api("/sessions/{session}/regenerate-outdated", by_token=True),
            "admin": to_admin("processingsession", "regenerate_outdated"),
        },
        (ASKED, WRITES_ON),
    ),
    "start": Deed(
        not_started,
        {
            "action": to_start_action,
            "page": to_start_page,
            "api": to_api(START_API),
            "token": to_api(START_API, by_token=True),
        },
        (("session_started", None, "", "", WHO),),
    ),
    "start again": Deed(
        cancelled,
        {
            "action": to_start_action,
            "page": to_start_page,
            "api": to_api(START_API),
            "token": to_api(START_API, by_token=True),
            "admin": to_admin("processingsession", "restart"),
        },
        (("session_restarted", None, "cancelled", "processing", WHO),),
    ),
    "pause": Deed(
        running,
        {
            "action": to_action(actions.pause_session),
            "page": to_page("session_pause"),
            "htmx": to_page("session_pause", is_htmx=True),
            "api": to_api("/sessions/{session}/pause"),
            "token": to_api("/sessions/{session}/pause", by_token=True),
            "admin": to_admin("processingsession", "pause"),
        },
        (("session_paused", None, "", "", WHO),),
    ),
    "resume": Deed(
        paused,
        {
            "action": to_action(actions.resume_session),
            "page": to_page("session_resume"),
            "htmx": to_page("session_resume", is_htmx=True),
            "api": to_api("/sessions/{session}/resume"),
            "token": to_api("/sessions/{session}/resume", by_token=True),
            "admin": to_admin("processingsession", "resume"),
        },
        (("session_resumed", None, "", "", WHO),),
    ),
    "cancel": Deed(
        running,
        {
            "action": to_action(actions.cancel_session),
            "page": to_page("session_cancel"),
            "htmx": to_page("session_cancel", is_htmx=True),
            "api": to_api("/sessions/{session}/cancel"),
            "token": to_api("/sessions/{session}/cancel", by_token=True),
            "admin": to_admin("processingsession", "cancel"),
        },
        (("session_cancelled", None, "initialized", "cancelled", WHO),),
    ),
    "raise the budget": Deed(
        over_budget,
        {
            "action": to_action(partial(actions.raise_budget, limits=Limits(tokens=9_000))),
            "page": to_page("session_budget", data={"budget_tokens": "9,000"}),
            "htmx": to_page("session_budget", is_htmx=True, data={"budget_tokens": "9000"}),
            "api": to_api("/sessions/{session}/budget", data={"tokens": 9_000}),
            "token": to_api("/sessions/{session}/budget", by_token=True, data={"tokens": 9_000}),
        },
        (("budget_raised", None, "", "", WHO), ("session_resumed", None, "", "", WHO)),
    ),
    "retry a chapter": Deed(
        stopped,
        {
            "action": to_chapter_action(actions.retry_chapter),
            "page": to_page("chapter_retry", chapter=2),
            "htmx": to_page("chapter_retry", chapter=2, is_htmx=True),
            "api": to_api("/retry-failed-chapter/{session}/{chapter}"),
            "token": to_api("/retry-failed-chapter/{session}/{chapter}", by_token=True),
            "admin": to_admin("chapterworkflowitem", "retry", chapter=2),
        },
        (RETRIED, GOES_ON),
    ),
    "retry a session": Deed(
        stopped,
        {
            "action": to_action(actions.retry_session),
            "page": to_page("session_retry"),
            "htmx": to_page("session_retry", is_htmx=True),
            "api": to_api("/sessions/{session}/retry"),
            "token": to_api("/sessions/{session}/retry", by_token=True),
            "admin": to_admin("processingsession", "retry"),
        },
        (RETRIED, GOES_ON),
    ),
    "ask again": Deed(
        completed,
        {
            "action": to_action(actions.ask_again),
            "page": to_page("questions_again"),
            "api": to_api("/sessions/{session}/ask-again"),
            "token": to_api("/sessions/{session}/ask-again", by_token=True),
            "admin": to_admin("processingsession", "ask_questions_again"),
        },
        (("questions_requested", None, "", "", WHO),),
    ),
}
DOORS = [
    pytest.param(deed, door, id=f"{name}, {label}")
    for name, deed in DEEDS.items()
    for label, door in deed.doors.items()
]


@pytest.mark.parametrize(("deed", "door"), DOORS)
def test_door_leaves_the_same_events(
    deed: Deed, door: DispatchGate, person: User, settings: Settings
) -> None:
    situation = deed.begin(person, settings)
    before = situation.events()

    response = door(situation)

    assert situation.events() == [*before, *deed.told]
    assert response is None or response.status_code in {200, 202, 204, 302}


@pytest.mark.parametrize(("deed", "door"), DOORS)
def test_door_is_closed_where_the_state_does_not_allow_it(
    deed: Deed, door: DispatchGate, person: User, settings: Settings
) -> None:
    situation = deed.begin(person, settings)
    door(situation)
    before = situation.events()

    _try_again(door, situation)

    assert situation.events() == before


def _try_again(door: DispatchGate, situation: Situation) -> None:
    """Do it once more: a repetition of what cannot be done twice is refused, or changes nothing."""
    try:
        door(situation)
    except Conflict:
        return


def test_every_door_uses_a_writer_that_is_offered(person: User, settings: Settings) -> None:
    situation = not_started(person, settings)
    settings.CHAPTERFLOW_WRITERS = ["quotations"]
    address = reverse("start", args=["river", 1])

    page = situation.client.post(address, {"writer": WRITER})
    by_api = post(situation.client, START_API, {"writer": WRITER})

    assert page.status_code == by_api.status_code == 422
    assert not ProcessingSession.objects.exists()
