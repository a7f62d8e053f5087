"""Passwords cannot be guessed at speed, neither at the sign-in page nor where one's own is changed."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django import Settings

from chapterflow_site.accounts import hashing, throttle
from chapterflow_site.accounts.actions import create_token, person_of_token
from chapterflow_site.accounts.models import PasswordTry, TryKind
from chapterflow_site.core.exceptions import TooSoon

SignedIn = Callable[[User], Client]


def tries(name: str = "ottilie", address: str = "203.0.113.9") -> throttle.Keys:
    return throttle.of_sign_in(RequestFactory().post("/sign-in/", REMOTE_ADDR=address), name)


@pytest.mark.django_db
class TestSignIn:
    def test_one_name_from_one_address(self) -> None:
        taken = [throttle.take_try(tries()) for _ in range(throttle.MOST_TRIES + 1)]

        assert taken == [*range(throttle.MOST_TRIES - 1, -1, -1), None]

    def test_many_names_from_one_address(self) -> None:
        taken = [throttle.take_try(tries(f"person {n}")) for n in range(throttle.MOST[TryKind.ADDRESS] + 1)]

        assert taken[-2:] == [0, None]
        assert throttle.take_try(tries("person 1", "203.0.113.10")) is not None

    def test_one_name_from_many_addresses(self) -> None:
        taken = [
            throttle.take_try(tries(address=f"10.0.0.{n}")) for n in range(throttle.MOST[TryKind.NAME] + 1)
        ]

        assert taken[-2:] == [0, None]

    def test_a_success_gives_back_one_try_of_the_address_and_all_of_the_name(self) -> None:
        for _ in range(4):
            throttle.take_try(tries())

        throttle.forget_tries(tries())

        assert list(PasswordTry.objects.values_list("kind", "count")) == [(TryKind.ADDRESS, 3)]

    def test_the_wait_ends_and_nothing_is_left_of_it(self) -> None:
        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _ in range(throttle.MOST_TRIES + 1):
                throttle.take_try(tries())
            clock.shift(timedelta(seconds=throttle.WAIT_SECONDS))

            assert throttle.take_try(tries("somebody else", "198.51.100.1")) == throttle.MOST_TRIES - 1
            assert PasswordTry.objects.count() == 3
            assert throttle.take_try(tries()) == throttle.MOST_TRIES - 1

    def test_what_is_refused_writes_nothing(self, django_assert_num_queries: Callable[..., object]) -> None:
        for _ in range(throttle.MOST_TRIES):
            throttle.take_try(tries())

        with django_assert_num_queries(1):  # type: ignore[attr-defined]
            assert throttle.take_try(tries()) is None

    def test_no_name_and_no_address_is_stored(self) -> None:
        throttle.take_try(tries("correct-horse"))

        assert "correct" not in str(PasswordTry.objects.values())
        assert "203.0.113" not in str(PasswordTry.objects.values())


@pytest.mark.parametrize(
    ("proxies", "forwarded", "heard", "expected"),
    [
        (0, "203.0.113.9", "127.0.0.1", "127.0.0.1"),
        (1, "6.6.6.6, 203.0.113.9", "127.0.0.1", "203.0.113.9"),
        (2, "6.6.6.6, 203.0.113.9, 10.0.0.1", "127.0.0.1", "203.0.113.9"),
        (1, "", "127.0.0.1", "127.0.0.1"),
        (0, "", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        (0, "", "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "unknown", "127.0.0.1", "unknown"),
        (1, "203.0.113.9:52114", "127.0.0.1", "203.0.113.9"),
        (1, "[2001:db8:1:2:3:4:5:6]:52114", "127.0.0.1", "2001:db8:1:2::/64"),
    ],
)
def test_address_is_what_our_own_proxies_say(
    proxies: int, forwarded: str, heard: str, expected: str, settings: Settings
) -> None:
    settings.CHAPTERFLOW_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded}, REMOTE_ADDR=heard)

    assert throttle.address_of(request) == expected


class TestHashing:
    @pytest.fixture(autouse=True)
    def real_hashes(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        """The installation's hasher, with a small number of rounds."""
        settings.PASSWORD_HASHERS = ["chapterflow_site.accounts.hashing.BoundedHasher"]
        monkeypatch.setattr(hashing.BoundedHasher, "iterations", 10)

    def test_hashes_are_djangos(self) -> None:
        assert make_password("x").startswith("pbkdf2_sha256$10$")
        assert check_password("x", make_password("x"))

    def test_no_more_than_a_few_are_computed_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        running, most, lock, begun = 0, 0, threading.Lock(), threading.Barrier(8)

        def slow(hasher: object, password: str, salt: str, iterations: int | None = None) -> str:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            threading.Event().wait(0.02)
            with lock:
                running -= 1
            return "hash"

        def hash_one() -> None:
            begun.wait()
            with suppress(TooSoon):
                make_password("x")

        monkeypatch.setattr("django.contrib.auth.hashers.PBKDF2PasswordHasher.encode", slow)
        threads = [threading.Thread(target=hash_one) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert 0 < most <= hashing.AT_ONCE

    def test_a_long_line_is_sent_away_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(hashing, "WAIT_SECONDS", 600)
        line = [hashing._line.acquire() for _ in range(hashing.AT_ONCE + hashing.MOST_WAITING)]

        try:
            with pytest.raises(TooSoon):
                make_password("x")
        finally:
            for _ in line:
                hashing._line.release()

    def test_who_waits_too_long_is_told(
        self, person: User, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(hashing, "WAIT_SECONDS", 0.01)
        places = [hashing._places.acquire() for _ in range(hashing.AT_ONCE)]

        try:
            with pytest.raises(TooSoon):
                make_password("x")
            answer = client.post("/sign-in/", {"username": "ottilie", "password": "x"})
        finally:
            for _ in places:
                hashing._places.release()

        assert answer.status_code == 429
        assert "Many people are signing in" in answer.content.decode()
        assert set(PasswordTry.objects.values_list("count", flat=True)) == {0}


class TestKnownBrowser:
    """Strangers may use up all tries of a name and of an address; who was in before comes in."""

    def sign_in(self, client: Client, password: str, name: str = "ottilie") -> int:
        return client.post("/sign-in/", {"username": name, "password": password}).status_code

    def use_all_up(self, name: str = "ottilie") -> None:
        for address in ["127.0.0.1", *(f"10.0.0.{n}" for n in range(20))]:
            while throttle.take_try(tries(name, address)) is not None:
                pass

    @pytest.fixture
    def known(self, person: User, client: Client) -> Client:
        person.set_password(OLD)
        person.save()
        assert self.sign_in(client, OLD) == 302
        client.post("/sign-out/")
        return client

    def test_comes_in_where_strangers_keep_all_others_out(self, known: Client) -> None:
        self.use_all_up()

        assert self.sign_in(Client(), OLD) == 422
        assert self.sign_in(known, OLD) == 302

    def test_guesses_no_more_often_than_another(self, known: Client) -> None:
        for _ in range(throttle.MOST_TRIES):
            self.sign_in(known, "wrong")

        assert self.sign_in(known, OLD) == 422

    def test_is_known_for_one_name_only(self, known: Client, stranger: User) -> None:
        stranger.set_password(OLD)
        stranger.save()
        self.use_all_up(stranger.username)

        assert self.sign_in(known, OLD, stranger.username) == 422

    def test_is_not_made_up(self, known: Client) -> None:
        cookie = known.cookies[throttle._KNOWN_COOKIE]
        self.use_all_up()
        forger = Client()
        forger.cookies[throttle._KNOWN_COOKIE] = (
            f"{cookie.value[:-1]}{'A' if cookie.value[-1] != 'A' else 'E'}"
        )

        assert cookie["httponly"]
        assert self.sign_in(forger, OLD) == 422


OLD, NEW = "bell-on-the-far-bank", "lantern-under-the-quay"


def change(client: Client, old: str = OLD, **more: str) -> int:
    form: Mapping[str, str] = {"old_password": old, "new_password1": NEW, "new_password2": NEW, **more}
    return client.post("/account/password/", form).status_code


class TestPasswordChange:
    def test_guessing_the_old_one_ends(self, person: User, client_of: SignedIn) -> None:
        client = client_of(person)

        answers = [change(client, "a guess") for _ in range(throttle.MOST_TRIES)]

        assert answers == [422] * throttle.MOST_TRIES
        assert change(client) == 429
        person.refresh_from_db()
        assert person.check_password(OLD)

    @pytest.mark.parametrize(("box", "is_ended"), [({"ends_tokens": "on"}, True), ({}, False)])
    def test_tokens_end_where_the_box_is_ticked(
        self, box: Mapping[str, str], is_ended: bool, person: User, client_of: SignedIn
    ) -> None:
        _, secret = create_token(person, actor=person)

        assert change(client_of(person), **box) == 302

        assert (person_of_token(secret) is None) is is_ended

    def test_the_box_is_ticked_and_says_why(self, person: User, client_of: SignedIn) -> None:
        page = client_of(person).get("/account/password/").content.decode()

        assert 'name="ends_tokens"' in page
        assert "checked" in page.partition('name="ends_tokens"')[2].partition(">")[0]
        assert "sign-in links that are still open end" in page


class TestTokens:
    def test_a_token_ends_by_itself(self, person: User) -> None:
        _, secret = create_token(person, actor=person, days=30)
        _, lasting = create_token(person, actor=person, days=None)

        with time_machine.travel(timezone.now() + timedelta(days=31)):
            assert (person_of_token(secret), person_of_token(lasting)) == (None, person)

    @pytest.mark.parametrize(("chosen", "days"), [({}, 90), ({"days": "30"}, 30), ({"days": "0"}, None)])
    def test_how_long_is_chosen_and_shown(
        self, chosen: Mapping[str, str], days: int | None, person: User, client_of: SignedIn
    ) -> None:
        client = client_of(person)

        client.post("/account/tokens/", {"name": "import", **chosen})

        token = person.api_tokens.get()
        lasts = token.expires_at - token.created_at if token.expires_at else None
        assert (lasts and round(lasts / timedelta(days=1))) == days
        shown = f"{token.expires_at:%Y}" if token.expires_at else "revoked"
        assert shown in client.get("/account/").content.decode().partition("Works until")[2]
