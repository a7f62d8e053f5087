"""Signing in and out, one-time links, API tokens, one's own account."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from chapterflow_site.accounts.actions import (
    LOOPBACK_LINK_LIFETIME,
    create_token,
    first_administrator,
    make_sign_in_link,
    person_of_token,
    revoke_token,
    use_sign_in_link,
)
from chapterflow_site.accounts.models import ApiToken, SignInLink
from chapterflow_site.accounts.throttle import MOST_TRIES, WAIT_SECONDS

SignedIn = Callable[[User], Client]
PASSWORD = "bell-on-the-far-bank"
BROWSER = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none"}


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def sign_in(client: Client, password: str, **more: str) -> int:
    return client.post("/sign-in/", {"username": "ottilie", "password": password, **more}).status_code


class TestPassword:
    def test_right_password_signs_in(self, person: User, client: Client) -> None:
        response = client.post("/sign-in/", {"username": "ottilie", "password": PASSWORD})

        assert response.headers["Location"] == "/"
        assert is_signed_in(client)

    def test_wrong_password_does_not(self, person: User, client: Client) -> None:
        assert sign_in(client, "wrong") == 422
        assert not is_signed_in(client)

    def test_next_page_is_followed(self, person: User, client: Client) -> None:
        response = client.post("/sign-in/", {"username": "ottilie", "password": PASSWORD, "next": "/upload/"})

        assert response.headers["Location"] == "/upload/"

    @pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
    def test_next_page_elsewhere_is_not_followed(self, person: User, client: Client, target: str) -> None:
        response = client.post("/sign-in/", {"username": "ottilie", "password": PASSWORD, "next": target})

        assert response.headers["Location"] == "/"

    def test_too_many_tries_refuse_even_the_right_password(self, person: User, client: Client) -> None:
        for _ in range(MOST_TRIES):
            sign_in(client, "wrong")

        assert sign_in(client, PASSWORD) == 422
        assert not is_signed_in(client)

    def test_waiting_ends(self, person: User, client: Client) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _ in range(MOST_TRIES):
                sign_in(client, "wrong")
            clock.shift(WAIT_SECONDS + 1)

            assert sign_in(client, PASSWORD) == 302

    def test_somebody_else_is_not_kept_out(self, person: User, stranger: User, client: Client) -> None:
        for _ in range(MOST_TRIES):
            client.post("/sign-in/", {"username": "stranger", "password": "wrong"})

        assert sign_in(client, PASSWORD) == 302

    def test_sign_out_needs_a_post(self, person: User, client_of: SignedIn) -> None:
        client = client_of(person)

        assert client.get("/sign-out/").status_code == 405
        assert is_signed_in(client)
        client.post("/sign-out/")
        assert not is_signed_in(client)


class TestSignInLink:
    def test_browser_signs_in_at_once(self, person: User, client: Client) -> None:
        secret = make_sign_in_link(person)

        response = client.get(f"/sign-in/{secret}/", headers=BROWSER)

        assert response.headers["Location"] == "/"
        assert is_signed_in(client)

    def test_link_works_once(self, person: User, client: Client) -> None:
        secret = make_sign_in_link(person)
        Client().get(f"/sign-in/{secret}/", headers=BROWSER)

        assert client.get(f"/sign-in/{secret}/", headers=BROWSER).status_code == 410
        assert not is_signed_in(client)

    @pytest.mark.parametrize(
        "headers",
        [
            {"Host": "books.example"},
            {"X-Forwarded-For": "203.0.113.9"},
            BROWSER | {"Sec-Fetch-Site": "cross-site"},
            BROWSER | {"Sec-Purpose": "prefetch"},
            BROWSER | {"Sec-Fetch-Mode": "no-cors"},
        ],
    )
    def test_preview_does_not_use_it_up(
        self, person: User, client: Client, settings: Settings, headers: dict[str, str]
    ) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        secret = make_sign_in_link(person)

        response = client.get(f"/sign-in/{secret}/", headers=headers)

        assert b"Sign in as ottilie" in response.content
        assert not is_signed_in(client)
        assert use_sign_in_link(secret) == person

    def test_head_does_not_use_it_up(self, person: User, client: Client) -> None:
        secret = make_sign_in_link(person)

        client.head(f"/sign-in/{secret}/", headers=BROWSER)

        assert use_sign_in_link(secret) == person

    def test_button_signs_in(self, person: User, client: Client) -> None:
        client.post(f"/sign-in/{make_sign_in_link(person)}/")

        assert is_signed_in(client)

    def test_expired_link_is_refused(self, person: User) -> None:
        secret = make_sign_in_link(person, lifetime=LOOPBACK_LINK_LIFETIME)

        with time_machine.travel(timezone.now() + LOOPBACK_LINK_LIFETIME + timedelta(seconds=1)):
            assert use_sign_in_link(secret) is None

    def test_link_of_an_inactive_person_is_refused(self, person: User) -> None:
        secret = make_sign_in_link(person)
        User.objects.update(is_active=False)

        assert use_sign_in_link(secret) is None

    def test_secret_is_not_stored(self, person: User) -> None:
        secret = make_sign_in_link(person)

        assert secret not in str(SignInLink.objects.values())

    def test_used_link_leads_home_who_is_signed_in(self, person: User, client: Client) -> None:
        secret = make_sign_in_link(person)
        client.get(f"/sign-in/{secret}/", headers=BROWSER)

        assert client.get(f"/sign-in/{secret}/", headers=BROWSER).headers["Location"] == "/"

    def test_command_prints_the_link_alone(self, person: User, client: Client) -> None:
        out = StringIO()

        call_command(
            "sign_in_link", "ottilie", base_url="https://books.example/", stdout=out, stderr=StringIO()
        )

        address = out.getvalue().strip()
        assert re.fullmatch(r"https://books\.example/sign-in/[\w-]{43}/", address)
        client.post(address.removeprefix("https://books.example"))
        assert is_signed_in(client)


class TestFirstAdministrator:
    def test_is_made_when_there_is_nobody(self, db: None) -> None:
        owner = first_administrator()

        assert owner is not None
        assert (owner.username, owner.is_superuser, owner.has_usable_password()) == ("owner", True, False)
        assert first_administrator() == owner

    def test_is_not_made_beside_others(self, person: User) -> None:
        assert first_administrator() is None
        assert User.objects.count() == 1


class TestTokens:
    def test_token_names_its_person(self, person: User) -> None:
        _, secret = create_token(person, actor=person)

        assert person_of_token(secret) == person
        assert ApiToken.objects.get().last_used_at is not None

    def test_revoked_token_names_nobody(self, person: User) -> None:
        token, secret = create_token(person, actor=person)

        revoke_token(token, actor=person)

        assert person_of_token(secret) is None

    @pytest.mark.parametrize("secret", ["", "x", "é"])
    def test_unknown_token_names_nobody(self, person: User, secret: str) -> None:
        assert person_of_token(secret) is None

    def test_command_prints_the_token_alone(self, person: User) -> None:
        out = StringIO()

        call_command("create_token", "ottilie", stdout=out)

        assert person_of_token(out.getvalue().strip()) == person

    @pytest.mark.parametrize("command", ["create_token", "sign_in_link"])
    def test_commands_refuse_unknown_people(self, db: None, command: str) -> None:
        with pytest.raises(CommandError, match="nobody"):
            call_command(command, "nobody")

    def test_page_shows_a_new_token_once(self, person: User, client_of: SignedIn) -> None:
        client = client_of(person)

        shown = client.post("/account/tokens/", {"name": "import"}).content.decode()

        match = re.search(r'id="new-token">([\w-]{43})<', shown)
        assert match is not None
        assert person_of_token(match[1]) == person
        assert match[1] not in client.get("/account/").content.decode()

    def test_token_of_somebody_else_cannot_be_revoked(
        self, person: User, stranger: User, client_of: SignedIn
    ) -> None:
        token, secret = create_token(person, actor=person)

        assert client_of(stranger).post(f"/account/tokens/{token.pk}/revoke/").status_code == 404
        assert person_of_token(secret) == person

    def test_own_token_is_revoked(self, person: User, client_of: SignedIn) -> None:
        token, secret = create_token(person, actor=person)

        client_of(person).post(f"/account/tokens/{token.pk}/revoke/")

        assert person_of_token(secret) is None


class TestAccount:
    @pytest.mark.parametrize("address", ["/account/", "/account/password/"])
    def test_needs_somebody_signed_in(self, db: None, client: Client, address: str) -> None:
        assert client.get(address).headers["Location"] == f"/sign-in/?next={address}"

    def test_name_is_changed(self, person: User, client_of: SignedIn) -> None:
        client_of(person).post("/account/", {"first_name": "Ottilie", "last_name": "Varnholt", "email": ""})

        person.refresh_from_db()
        assert person.get_full_name() == "Ottilie Varnholt"

    def test_unusable_e_mail_is_named(self, person: User, client_of: SignedIn) -> None:
        response = client_of(person).post("/account/", {"email": "no"})

        assert response.status_code == 422
        assert b"Enter a valid email address" in response.content

    def test_first_password_needs_no_old_one(self, db: None, client_of: SignedIn) -> None:
        owner = first_administrator()
        assert owner is not None

        client = client_of(owner)
        fields = {"new_password1": "three-tapes-in-a-tin", "new_password2": "three-tapes-in-a-tin"}
        client.post("/account/password/", fields)

        owner.refresh_from_db()
        assert owner.check_password("three-tapes-in-a-tin")
        assert client.get("/account/").status_code == 200

    def test_changed_password_needs_the_old_one(self, person: User, client_of: SignedIn) -> None:
        fields = {"new_password1": "three-tapes-in-a-tin", "new_password2": "three-tapes-in-a-tin"}

        response = client_of(person).post("/account/password/", fields | {"old_password": "wrong"})

        person.refresh_from_db()
        assert response.status_code == 422
        assert person.check_password(PASSWORD)
