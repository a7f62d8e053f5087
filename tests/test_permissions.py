"""Every address of the site × everybody who may ask: made from the URL configuration, so that none can be forgotten."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from books.models import BookVersion
from chapterflow_site.accounts.actions import create_token, make_sign_in_link
from chapterflow_site.accounts.models import ApiToken
from chapterflow_site.api import api
from tests.workflow.sessions import new_session, new_version
from workflow.engine import advance
from workflow.live.routing import websocket_urlpatterns
from workflow.models import ChangeStatus, Event, FollowUpQuestion, HarmonizationChange, ProcessingSession

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[1]
# The owner comes late, when all the others have changed nothing, and is shut out at last.
PEOPLE = ("anonymous", "stranger", "staff", "owner", "inactive")
SIGN_IN = 302, "sign-in"
Status = int | tuple[int, str]


@dataclass(frozen=True)
class World:
    """What belongs to the owner: a book that is written, one that is not started, a token."""

    session: ProcessingSession
    waiting: BookVersion
    change: HarmonizationChange
    question: FollowUpQuestion
    token: ApiToken
    secret: str

    def args(self, name: str) -> list[object]:
        """Return what stands in the address `name`."""
        version = self.waiting if name.startswith("outline") else self.session.version
        book, place = [version.book.book_id], [version.book.book_id, version.number]
        chapter = [*place, 1]
        known: Mapping[str, list[object]] = {
            "book": book,
            "book_delete": book,
            "rule_switch": [*book, "dashes"],
            "read_chapter": chapter,
            "chapter": chapter,
            "chapter_sources": chapter,
            "chapter_attempts": chapter,
            "chapter_revisions": chapter,
            "chapter_metrics": chapter,
            "export": [*place, "md"],
            "session_news": [self.session.pk],
            "board_group": [*place, 1],
            "session_pause": [self.session.pk],
            "session_resume": [self.session.pk],
            "session_budget": [self.session.pk],
            "session_retry": [self.session.pk],
            "session_cancel": [self.session.pk],
            "questions_again": [self.session.pk],
            "chapter_retry": [self.session.pk, 1],
            "chapter_again": [self.session.pk, 1],
            "chapter_keep": [self.session.pk, 1],
            "session_regenerate": [self.session.pk],
            "change_decide": [self.change.pk, "keep"],
            "question_answer": [self.question.pk],
            "question_dismiss": [self.question.pk],
            "sign_in_link": [self.secret],
            "token_revoke": [self.token.pk],
        }
        return known.get(name, place if name in OF_A_VERSION else [])


OF_A_VERSION = {
    "outline", "outline_edit", "outline_move", "read", "start", "board", "activity", "review", "keep_all",
    "questions", "writer_check",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What one method of an address answers, in the order of PEOPLE."""

    method: str
    answers: tuple[Status, Status, Status, Status, Status]
    data: Mapping[str, object] = field(default_factory=dict)


def page(status: Status = 200) -> Row:
    """A page of the owner's alone."""
    return Row("get", (SIGN_IN, 404, 404, status, SIGN_IN))


def act(status: Status = 302, **data: object) -> Row:
    """Something that the owner alone may do. 409 and 422 are refusals after the door was passed."""
    return Row("post", (SIGN_IN, 404, 404, status, SIGN_IN), data)


def own_page() -> Row:
    """A page that everybody signed in has."""
    return Row("get", (SIGN_IN, 200, 200, 200, SIGN_IN))


def own_act(status: Status, **data: object) -> Row:
    """Something that everybody signed in may do for themselves."""
    return Row("post", (SIGN_IN, status, status, status, SIGN_IN), data)


def open_to_all(method: str = "get", status: Status = 200) -> Row:
    """For everybody."""
    return Row(method, (status,) * 5)


# Addresses by name. One without a row here fails test_every_address_has_a_row.
TABLE: Mapping[str, Sequence[Row]] = {
    "home": [own_page()],
    "find": [own_page()],
    "book": [page(302)],  # on to its newest version
    "book_delete": [page(), act()],
    "upload": [own_page(), own_act(422)],
    "template_file": [open_to_all()],
    "sample": [own_act(302)],
    "help": [open_to_all()],
    "outline": [page()],
    "outline_edit": [act(dependencies="graph")],
    "outline_move": [act(node="n1", direction="down")],
    "start": [act()],
    "writer_check": [act(200, writer="quotations")],
    "board": [page()],
    "board_group": [page()],
    "activity": [page()],
    "session_news": [page()],
    "session_pause": [act(409)],
    "session_resume": [act(409)],
    "session_budget": [act(409, budget_tokens="200000")],
    "session_retry": [act(409)],
    "session_cancel": [page(302), act(409)],  # back to the board of a book that is completed
    "chapter_retry": [act(409)],
    "chapter_again": [page(), act()],
    "chapter_keep": [act(409)],
    "session_regenerate": [act(409)],
    "read": [page()],
    "read_chapter": [page()],
    "chapter": [page()],
    "chapter_sources": [page()],
    "chapter_attempts": [page()],
    "chapter_revisions": [page()],
    "chapter_metrics": [page()],
    "export": [page()],
    "review": [page()],
    "keep_all": [act()],
    "change_decide": [act()],
    "rule_switch": [act()],
    "questions": [page()],
    "question_answer": [act(answer="She was his aunt.")],
    "question_dismiss": [act()],
    "questions_again": [act()],
    "sign_in": [
        Row("get", (200, 302, 302, 302, 200)),
        Row("post", (422, 302, 302, 302, 422), {"username": "ottilie", "password": "a guess"}),
    ],
    "sign_in_link": [Row("get", (200, 200, 200, 200, 410)), Row("post", (302, 302, 302, 302, 410))],
    "sign_out": [open_to_all("post", SIGN_IN)],
    "account": [own_page(), own_act(302, first_name="A", last_name="B", email="")],
    "password_change": [own_page(), own_act(422, new_password1="x")],
    "token_create": [own_act(201, name="laptop")],
    "token_revoke": [act()],
    "api:openapi-json": [Row("get", (401, 200, 200, 200, 401))],
    "api:openapi-view": [own_page()],
    "api:api-root": [open_to_all("get", 404)],
    "api:": [open_to_all("get", 404)],
}

# What is walked by tests of its own.
OPERATIONS_ARE_IN = "tests/test_api_access.py"  # from the OpenAPI document
SOCKETS_ARE_IN = {"ws/sessions/<uuid:session_id>/": "tests/workflow/live/test_consumer*.py"}


def addresses(
    resolver: URLResolver, route: str = "", space: str = ""
) -> Iterator[tuple[str, str, URLPattern]]:
    """Yield namespace and name, route, pattern of every address."""
    for pattern in resolver.url_patterns:
        inner = route + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, inner, f"{pattern.namespace}:" if pattern.namespace else space)
        else:
            yield f"{space}{pattern.name or ''}", inner, pattern


ADDRESSES = list(addresses(get_resolver()))
OF_THE_ADMIN = [(name, pattern) for name, _, pattern in ADDRESSES if name.startswith("admin:")]
DOCUMENTED = {
    path.replace("{", "<").replace("}", ">").lstrip("/") for path in api.get_openapi_schema()["paths"]
}
OF_THE_SITE = [
    name for name, route, _ in ADDRESSES if not name.startswith("admin:") and route not in DOCUMENTED
]
CASES = [pytest.param(name, row, id=f"{row.method} {name}") for name, rows in TABLE.items() for row in rows]


@pytest.fixture(scope="module")
def person(kept: None) -> User:
    """The owner of the world, of whom all tests of this module find the same."""
    return User.objects.create_user("ottilie", password="bell-on-the-far-bank")


@pytest.fixture(scope="module")
def world(person: User) -> World:
    """Something of everything, all of it `person`'s."""
    session = new_session(person)
    advance(session.pk)
    session = ProcessingSession.objects.select_related("version__book").get(pk=session.pk)
    chapter = session.version.chapters.get(number=1)
    change = HarmonizationChange.objects.create(
        session=session, chapter=chapter, rule="dashes", severity="minor", status=ChangeStatus.APPLIED,
        find="-", replace="–", offset=0, reason="Dashes",
    )  # fmt: skip
    question = FollowUpQuestion.objects.create(
        version=session.version, session=session, key="k", category="names", text="Who?", reason="Named once"
    )
    token, _ = create_token(person, actor=person)
    return World(session, new_version(person), change, question, token, make_sign_in_link(person))


@pytest.fixture
def client_for(person: User, stranger: User) -> Callable[[str], Client]:
    """Return the browser of one of PEOPLE."""

    def client_of(who: str) -> Client:
        client = Client()
        if who == "stranger":
            client.force_login(stranger)
        elif who == "staff":
            client.force_login(User.objects.create_superuser("staff", password="keys-of-the-ferry"))
        elif who != "anonymous":
            client.force_login(person)
        if who == "inactive":
            User.objects.filter(pk=person.pk).update(is_active=False)
        return client

    return client_of


def address_of(name: str, world: World) -> str:
    return "/api/there-is-no-such-thing" if name == "api:" else reverse(name, args=world.args(name))


def answered(response: HttpResponse) -> Status:
    response.getvalue()  # to its end, at which a file that it is read from is closed
    is_door = response.status_code == 302 and response["Location"].split("?")[0] == reverse("sign_in")
    return SIGN_IN if is_door else response.status_code


def test_every_address_has_a_row() -> None:
    assert sorted(set(OF_THE_SITE)) == sorted(TABLE)


@pytest.mark.parametrize(("name", "row"), CASES)
def test_answers(name: str, row: Row, world: World, client_for: Callable[[str], Client]) -> None:
    address = address_of(name, world)
    answers, events = {}, {}

    for who in PEOPLE:
        before = Event.objects.count()
        answers[who] = answered(getattr(client_for(who), row.method)(address, row.data))
        events[who] = Event.objects.count() - before

    assert answers == dict(zip(PEOPLE, row.answers, strict=True))
    assert {who for who in PEOPLE if events[who]} <= {"owner"}


@pytest.mark.parametrize("name", [name for name, rows in TABLE.items() if not name.startswith("api:")])
def test_other_methods_are_refused(name: str, world: World, client_for: Callable[[str], Client]) -> None:
    methods = {row.method for row in TABLE[name]}
    client = client_for("owner")

    for method in {"get", "post", "put", "delete"} - methods:
        response = getattr(client, method)(address_of(name, world))
        assert response.status_code == 405, method


@pytest.mark.parametrize("name", [name for name, rows in TABLE.items() if rows[0].method == "get"])
def test_head_is_answered_as_get(name: str, world: World, client_for: Callable[[str], Client]) -> None:
    client, address = client_for("owner"), address_of(name, world)

    headed, got = client.head(address), client.get(address)

    # Somebody who opens a link uses it up; who only looks does not.
    expected = 200 if name == "sign_in_link" else got.status_code
    assert (headed.status_code, headed.getvalue()) == (expected, b"")
    assert got.getvalue() or got.status_code != 200


@pytest.mark.parametrize("who", PEOPLE)
def test_the_admin_is_for_staff(who: str, world: World, client_for: Callable[[str], Client]) -> None:
    client = client_for(who)

    for name, pattern in OF_THE_ADMIN:
        arguments = {each: _value(each, world) for each in pattern.pattern.converters}
        arguments |= {each: "books" for each in pattern.pattern.regex.groupindex if each not in arguments}
        response = client.get(reverse(name, kwargs=arguments) if name != "admin:" else "/admin/nothing/here/")
        if who == "staff":
            assert response.status_code != 403 or _is_never_allowed(name), name
            assert answered(response) != SIGN_IN or name == "admin:login", name
        else:
            assert _leads_out(response, client, is_known=who in {"stranger", "owner"}), name


def _value(argument: str, world: World) -> object:
    known = {"object_id": str(world.session.pk), "content_type_id": 1, "id": 1, "url": "nothing/here/"}
    return known.get(argument, "x")


def _is_never_allowed(name: str) -> bool:
    """History is never added or deleted by hand, not even by administrators."""
    return name.endswith(("_add", "_delete")) or name in {"admin:autocomplete", "admin:login"}


def _leads_out(response: HttpResponse, client: Client, *, is_known: bool) -> bool:
    """Whether the answer is a way to the sign-in page or, for somebody signed in without access, a refusal."""
    if response.status_code == 403:
        return is_known
    if response.status_code == 200:
        return response.wsgi_request.path in {"/admin/jsi18n/", "/admin/logout/"}
    if response.status_code != 302:
        return response.status_code == 405 and response.wsgi_request.path == "/admin/logout/"
    if answered(response) == SIGN_IN:
        return not is_known
    return _leads_out(client.get(response["Location"]), client, is_known=is_known)


def test_every_operation_of_the_api_is_walked_by_its_own_test() -> None:
    text = (ROOT / OPERATIONS_ARE_IN).read_text(encoding="utf-8")

    assert 'api.get_openapi_schema()["paths"]' in text
    assert {route for _, route, _ in ADDRESSES} >= DOCUMENTED


def test_every_socket_has_a_test_of_its_own() -> None:
    *sockets, last = [str(pattern.pattern) for pattern in websocket_urlpatterns]

    assert sockets == list(SOCKETS_ARE_IN)
    assert last == ""  # everything else is denied
    assert all(list(ROOT.glob(tests)) for tests in SOCKETS_ARE_IN.values())
