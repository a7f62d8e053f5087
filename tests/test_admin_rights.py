"""Who can cause what in the admin: every registered model × everybody, from the registry, so that none is forgotten."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import DateTimeField, Model
from django.test import Client, RequestFactory
from django.urls import URLPattern, reverse
from django_q.models import Failure, OrmQ, Schedule, Success

from books.models import Book
from chapterflow_site.accounts.actions import (
    create_token,
    make_sign_in_link,
    person_of_token,
    use_sign_in_link,
)
from chapterflow_site.admin import SiteAdmin
from tests.workflow.sessions import new_version

SignedIn = Callable[[User], Client]

# Each may do what those before it may. A clerk is staff with every permission of every model.
NOBODY, STAFF, CLERK, ADMINISTRATOR, NEVER = "nobody", "staff", "clerk", "administrator", "never"
WHO = (NOBODY, STAFF, CLERK, ADMINISTRATOR)


@dataclass(frozen=True)
class Rights:
    """The least of WHO that may do it."""

    view: str = CLERK
    add: str = NEVER
    change: str = NEVER
    delete: str = NEVER
    actions: Mapping[str, str] = field(default_factory=dict)
    # Addresses beside the usual ones.
    pages: Mapping[str, str] = field(default_factory=dict)


LOOKED_AT = Rights()
DELETED = {"delete_selected": CLERK}
CLEARED = {"delete_selected": ADMINISTRATOR}
# A model without a line here fails test_every_model_has_a_line.
TABLE: Mapping[str, Rights] = {
    "accounts.ApiToken": Rights(delete=CLERK, actions={**DELETED, "revoke": CLERK}),
    "accounts.PasswordTry": Rights(delete=ADMINISTRATOR, actions=CLEARED),
    "accounts.SignInLink": Rights(delete=CLERK, actions=DELETED),
    "auth.Group": Rights(add=ADMINISTRATOR, change=ADMINISTRATOR, delete=ADMINISTRATOR, actions=CLEARED),
    "auth.User": Rights(
        add=CLERK, change=CLERK, delete=CLERK,
        actions={**DELETED, "hand_over": CLERK, "close": CLERK, "open": CLERK},
        pages={"auth_user_password_change": CLERK},
    ),
    "books.Book": Rights(add=CLERK, change=CLERK, delete=CLERK, actions=DELETED),
    "books.BookVersion": Rights(change=CLERK),
    "books.Chapter": LOOKED_AT,
    "books.ChapterRevision": LOOKED_AT,
    "books.Citation": LOOKED_AT,
    "books.NodeChunk": LOOKED_AT,
    "books.StorylineLink": LOOKED_AT,
    "books.StorylineNode": LOOKED_AT,
    "books.TextChunk": LOOKED_AT,
    "django_q.Failure": Rights(delete=ADMINISTRATOR, actions=CLEARED),
    "django_q.OrmQ": LOOKED_AT,
    "django_q.Schedule": LOOKED_AT,
    "django_q.Success": Rights(delete=ADMINISTRATOR, actions=CLEARED),
    "workflow.Attempt": LOOKED_AT,
    "workflow.ChapterWorkflowItem": Rights(actions=dict.fromkeys(("retry", "regenerate", "keep"), CLERK)),
    "workflow.ConsistencyRule": Rights(add=CLERK, change=CLERK, delete=CLERK, actions=DELETED),
    "workflow.Event": LOOKED_AT,
    "workflow.FactEntry": LOOKED_AT,
    "workflow.FollowUpQuestion": Rights(actions={"put_aside": CLERK}),
    "workflow.HarmonizationChange": Rights(actions=dict.fromkeys(("undo", "apply", "keep", "dismiss"), CLERK)),
    "workflow.ItemDependency": LOOKED_AT,
    "workflow.ProcessingSession": Rights(
        actions=dict.fromkeys(
            ("retry", "pause", "resume", "restart", "ask_questions_again", "regenerate_outdated", "cancel"), CLERK
        )
    ),
    "workflow.Provider": Rights(actions={"end_wait": CLERK}),
}  # fmt: skip
USUAL = {"changelist", "add", "history", "delete", "change"}
MODELS = {model._meta.label: model for model in admin.site._registry}


@pytest.fixture
def people(db: None) -> Mapping[str, User]:
    """One of each of WHO."""
    clerk = User.objects.create_user("clerk", password="ink-and-blotter", is_staff=True)
    clerk.user_permissions.set(Permission.objects.all())
    return {
        NOBODY: User.objects.create_user("nobody"),
        STAFF: User.objects.create_user("staff", is_staff=True),
        CLERK: clerk,
        ADMINISTRATOR: User.objects.create_superuser("root"),
    }


def least(may: Callable[[str], bool]) -> str:
    """Return the least of WHO that may; everybody above must as well."""
    allowed = [who for who in WHO if may(who)]
    assert allowed == list(WHO[len(WHO) - len(allowed) :]), allowed
    return allowed[0] if allowed else NEVER


def test_every_model_has_a_line() -> None:
    assert sorted(MODELS) == sorted(TABLE)


def test_every_page_is_made_from_the_sites_own() -> None:
    assert [
        label for label, model in MODELS.items() if not isinstance(admin.site._registry[model], SiteAdmin)
    ] == []


@pytest.mark.parametrize("label", MODELS)
def test_rights(label: str, people: Mapping[str, User]) -> None:
    pages = admin.site._registry[MODELS[label]]

    def request_of(who: str) -> object:
        request = RequestFactory().get("/")
        request.user = User.objects.get(pk=people[who].pk)
        return request

    def may(verb: str) -> str:
        check = getattr(pages, f"has_{verb}_permission")
        return least(lambda who: admin.site.has_permission(request_of(who)) and check(request_of(who)))

    offered = {who: set(pages.get_actions(request_of(who))) for who in WHO}
    actions = {name: least(lambda who: name in offered[who]) for name in set().union(*offered.values())}  # noqa: B023

    assert Rights(
        view=may("view"), add=may("add"), change=may("change"), delete=may("delete"), actions=actions,
        pages=TABLE[label].pages,
    ) == TABLE[label]  # fmt: skip


def own_addresses() -> Iterator[tuple[str, str]]:
    """Yield model and name of every address of the admin that is not one of the usual ones."""
    for label, model in MODELS.items():
        prefix = model._meta.label_lower.replace(".", "_")
        usual = {f"{prefix}_{name}" for name in USUAL}
        for pattern in admin.site._registry[model].get_urls():
            assert isinstance(pattern, URLPattern)
            if pattern.name and pattern.name not in usual:
                yield label, pattern.name


def test_every_other_address_has_a_line() -> None:
    named = {(label, name) for label, rights in TABLE.items() for name in rights.pages}

    assert set(own_addresses()) == named


@pytest.mark.parametrize(("label", "name"), list(own_addresses()))
def test_other_addresses(label: str, name: str, people: Mapping[str, User], client_of: SignedIn) -> None:
    target = User.objects.create_user("target")
    address = reverse(f"admin:{name}", args=[target.pk])

    answers = {who: client_of(people[who]).get(address).status_code for who in WHO}

    assert least(lambda who: answers[who] == 200) == TABLE[label].pages[name]


class TestQueue:
    """What stands in the queue's tables is run as code."""

    @pytest.mark.parametrize("who", [CLERK, ADMINISTRATOR])
    def test_nobody_schedules_anything(
        self, who: str, people: Mapping[str, User], client_of: SignedIn
    ) -> None:
        client = client_of(people[who])
        row = Schedule.objects.create(func="workflow.tasks.tend", name="x")
        form = {"func": "os.system", "args": "'id'", "schedule_type": "O", "repeats": "-1", "name": "evil"}

        added = client.post(reverse("admin:django_q_schedule_add"), form)
        changed = client.post(reverse("admin:django_q_schedule_change", args=[row.pk]), form)

        assert (added.status_code, changed.status_code) == (403, 403)
        assert not Schedule.objects.filter(func="os.system").exists()

    @pytest.mark.parametrize("model", [Success, Failure])
    def test_nothing_is_run_again(
        self, model: type[Model], people: Mapping[str, User], client_of: SignedIn
    ) -> None:
        task = finished_task(model)

        for who in WHO:
            run(client_of(people[who]), "resubmit_task", task)

        assert not OrmQ.objects.exists()
        assert model._default_manager.count() == 1

    def test_only_administrators_clear_away_what_has_ended(
        self, people: Mapping[str, User], client_of: SignedIn
    ) -> None:
        task = finished_task(Failure)

        for who, left in {CLERK: 1, ADMINISTRATOR: 0}.items():
            run(client_of(people[who]), "delete_selected", task, post="yes")
            assert Failure.objects.count() == left

    def test_pages_show_what_there_is(self, people: Mapping[str, User], client_of: SignedIn) -> None:
        client = client_of(people[ADMINISTRATOR])
        queued = OrmQ.objects.create(key="chapterflow", payload="not signed")
        schedule = Schedule.objects.create(func="workflow.tasks.tend", name="each minute")

        for row in (finished_task(Success), finished_task(Failure), queued, schedule):
            name = row._meta.label_lower.replace(".", "_")
            assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
            assert client.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200


def finished_task(model: type[Model]) -> Model:
    return model._default_manager.create(
        id=f"{model.__name__:x<32}", name="wake", func="workflow.tasks.advance", args=("s",), kwargs={},
        started="2026-01-01T00:00:00Z", stopped="2026-01-01T00:00:01Z", success=model is Success, result="broke",
    )  # fmt: skip


def run(client: Client, action: str, *rows: Model, **more: object) -> list[str]:
    """Run an action of the list; return what is said."""
    name = rows[0]._meta.label_lower.replace(".", "_")
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    answer = client.post(reverse(f"admin:{name}_changelist"), data, follow=True)
    return [str(message) for message in (answer.context or {}).get("messages", ())]


@pytest.fixture
def clerk(people: Mapping[str, User], client_of: SignedIn) -> Client:
    """The browser of staff with every permission who is no administrator."""
    return client_of(people[CLERK])


def change_page(person: User) -> str:
    return reverse("admin:auth_user_change", args=[person.pk])


class TestRightsOfPeople:
    FORM: Mapping[str, object] = {
        "username": "target", "is_active": "on", "is_staff": "on", "is_superuser": "on",
        "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
    }  # fmt: skip

    def test_a_clerk_edits_a_person_and_gives_no_rights(self, clerk: Client) -> None:
        target, group = User.objects.create_user("target"), Group.objects.create(name="all")
        rights = {"groups": [group.pk], "user_permissions": [Permission.objects.all()[0].pk]}

        clerk.post(change_page(target), {**self.FORM, **rights, "first_name": "New"})

        target.refresh_from_db()
        assert (target.first_name, target.is_staff, target.is_superuser) == ("New", False, False)
        assert not target.groups.exists()
        assert not target.user_permissions.exists()

    def test_an_administrator_gives_rights(self, people: Mapping[str, User], client_of: SignedIn) -> None:
        target = User.objects.create_user("target")

        client_of(people[ADMINISTRATOR]).post(change_page(target), self.FORM)

        target.refresh_from_db()
        assert (target.is_staff, target.is_superuser) == (True, True)

    @pytest.mark.parametrize("who", [STAFF, CLERK, ADMINISTRATOR])
    def test_a_clerk_touches_nobody_with_rights(
        self, who: str, people: Mapping[str, User], clerk: Client
    ) -> None:
        target = people[who]
        before = User.objects.filter(pk=target.pk).values().get()
        pages = [change_page(target), reverse("admin:auth_user_password_change", args=[target.pk])]
        new = {"usable_password": "true", "password1": "lantern-on-quay", "password2": "lantern-on-quay"}

        for page in (*pages, reverse("admin:auth_user_delete", args=[target.pk])):
            assert clerk.post(page, {**self.FORM, **new, "post": "yes"}).status_code == 403
        said = run(clerk, "close", target, confirmed="yes")
        run(clerk, "delete_selected", target, post="yes")

        after = User.objects.filter(pk=target.pk).values().get()
        assert said == [f"{target}: Only an administrator may do this."]
        assert before | {"last_login": None} == after | {"last_login": None}

    def test_a_clerk_changes_no_group(self, clerk: Client) -> None:
        group = Group.objects.create(name="all")
        form = {"name": "all", "permissions": [Permission.objects.all()[0].pk]}

        answers = [
            clerk.post(reverse("admin:auth_group_add"), form),
            clerk.post(reverse("admin:auth_group_change", args=[group.pk]), form),
        ]

        assert [answer.status_code for answer in answers] == [403, 403]
        assert not group.permissions.exists()

    def test_a_new_password_ends_links_and_tokens(self, clerk: Client) -> None:
        target = User.objects.create_user("target", password="keys-of-the-ferry")
        _, token = create_token(target, actor=target)
        link = make_sign_in_link(target)
        new = {"usable_password": "true", "password1": "lantern-on-quay", "password2": "lantern-on-quay"}

        answer = clerk.post(reverse("admin:auth_user_password_change", args=[target.pk]), new)

        target.refresh_from_db()
        assert answer.status_code == 302
        assert target.check_password("lantern-on-quay")
        assert (person_of_token(token), use_sign_in_link(link)) == (None, None)


class TestPeopleWithBooks:
    @pytest.fixture
    def desk(self, people: Mapping[str, User], client_of: SignedIn) -> Client:
        """The administrator's browser."""
        return client_of(people[ADMINISTRATOR])

    def test_deleting_says_how_to_go_on(self, person: User, desk: Client) -> None:
        new_version(person)

        answer = desk.get(reverse("admin:auth_user_delete", args=[person.pk]), follow=True)
        bulk = desk.post(
            reverse("admin:auth_user_changelist"),
            {"action": "delete_selected", "_selected_action": [person.pk], "post": "yes"},
        )

        for page in (answer, bulk):
            assert "ttilie has 1 book, which no account takes along. Hand them over" in page.content.decode()
        assert User.objects.filter(pk=person.pk).exists()

    def test_books_are_handed_over_and_then_the_person_goes(
        self, person: User, stranger: User, desk: Client
    ) -> None:
        book = new_version(person).book
        asked = desk.post(
            reverse("admin:auth_user_changelist"), {"action": "hand_over", "_selected_action": [person.pk]}
        )

        said = run(desk, "hand_over", person, confirmed="yes", to=stranger.pk)
        desk.post(reverse("admin:auth_user_delete", args=[person.pk]), {"post": "yes"})

        assert 'name="to"' in asked.content.decode()
        assert said == ["1 book was handed over."]
        assert Book.objects.get(pk=book.pk).owner == stranger
        assert not User.objects.filter(pk=person.pk).exists()

    def test_without_a_name_it_asks_again(self, person: User, desk: Client) -> None:
        new_version(person)

        run(desk, "hand_over", person, confirmed="yes", to="")

        assert person.books.count() == 1

    def test_a_closed_account_lets_nobody_in_and_keeps_its_books(
        self, person: User, desk: Client, client_of: SignedIn
    ) -> None:
        new_version(person)
        browser, link = client_of(person), make_sign_in_link(person)
        _, token = create_token(person, actor=person)

        said = run(desk, "close", person, confirmed="yes")

        assert said == ["1 account was closed."]
        assert browser.get("/").status_code == 302
        assert (person_of_token(token), use_sign_in_link(link)) == (None, None)
        assert person.books.count() == 1

        run(desk, "open", person)
        assert person_of_token(token) == person

    def test_the_last_administrator_stays(self, people: Mapping[str, User], desk: Client) -> None:
        said = run(desk, "close", people[ADMINISTRATOR], confirmed="yes")

        assert said == ["root: This is the only administrator. Make another one first."]


NONSENSE = ("99999", "9" * 30, "x")


@pytest.mark.parametrize("label", MODELS)
def test_no_filter_breaks_a_list(label: str, people: Mapping[str, User], client_of: SignedIn) -> None:
    """Whatever stands in the address; filters of one's own columns are allowed beside those that are offered."""
    model = MODELS[label]
    pages = admin.site._registry[model]
    client = client_of(people[ADMINISTRATOR])
    dates = [each.name for each in model._meta.concrete_fields if isinstance(each, DateTimeField)][:1]
    lookups = ["pk", "pk__in", *(f"{name}__{part}" for name in dates for part in ("year__gte", "gte"))]
    hierarchy = getattr(pages, "date_hierarchy", None)
    cases = [{lookup: value} for lookup in lookups for value in NONSENSE]
    for value in NONSENSE if hierarchy else ():
        cases += [{f"{hierarchy}__year": value}, {f"{hierarchy}__year": "2026", f"{hierarchy}__month": value}]

    answers = {str(case): client.get(reverse_of(model), case).status_code for case in cases}
    answers |= {each: client.get(f"{reverse_of(model)}{each}/change/").status_code for each in NONSENSE}

    assert {case: status for case, status in answers.items() if status not in {200, 302, 400}} == {}


def test_an_unreadable_filter_is_told(people: Mapping[str, User], client_of: SignedIn) -> None:
    client = client_of(people[ADMINISTRATOR])

    page = client.get(reverse_of(Book), {"created_at__year__gte": "99999"}, follow=True)

    assert "The filter in the address could not be read. All rows are shown." in page.content.decode()


def reverse_of(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_changelist")
