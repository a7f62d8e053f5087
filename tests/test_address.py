"""Where `up` says that the site is, whom it answers, and where sign-in links lead."""

import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from chapterflow_site import address, env, private
from tests.installation import ROOT, free_port
from workflow.management.commands.up import Command

OWN = ["192.0.2.7", "box"]
LOCAL = ["localhost", "127.0.0.1", "[::1]"]


@pytest.fixture(autouse=True)
def this_machine(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """A machine called "box" with one address, and nothing set."""
    monkeypatch.setattr(address, "own_names", lambda: list(OWN))
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)
    settings.ALLOWED_HOSTS = LOCAL


@pytest.mark.parametrize(
    ("host", "set_hosts", "allowed", "site"),
    [
        ("127.0.0.1", "", LOCAL, "http://127.0.0.1:8000"),
        ("::1", "", LOCAL, "http://[::1]:8000"),
        ("0.0.0.0", "", [*OWN, *LOCAL], "http://192.0.2.7:8000"),
        ("::", "", [*OWN, *LOCAL], "http://192.0.2.7:8000"),
        ("192.0.2.9", "", ["192.0.2.9", *LOCAL], "http://192.0.2.9:8000"),
        ("0.0.0.0", "books.example.org", ["books.example.org"], "http://books.example.org:8000"),
        ("0.0.0.0", "*", ["*"], "http://192.0.2.7:8000"),
        ("0.0.0.0", "localhost", ["localhost"], "http://127.0.0.1:8000"),
    ],
)
def test_the_address_that_is_said_is_one_that_is_answered(
    host: str,
    set_hosts: str,
    allowed: list[str],
    site: str,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    if set_hosts:
        monkeypatch.setenv("ALLOWED_HOSTS", set_hosts)
        settings.ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")

    names = address.allowed_names(host)

    assert names == allowed
    assert address.site_address(host, 8000, names) == site


def test_behind_a_proxy_the_address_is_the_proxys(settings: Settings) -> None:
    settings.SESSION_COOKIE_SECURE = True
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.example.org", "https://books.example.org"]

    assert address.site_address("127.0.0.1", 8000, LOCAL) == "https://books.example.org"


def said_by_up(host: str, owner: User | None) -> str:
    out = StringIO()
    Command(stdout=out)._announce(host, 8000, address.allowed_names(host), owner)
    return out.getvalue()


@pytest.mark.django_db
class TestUp:
    def test_for_others_it_says_how_to_come_in_first(self) -> None:
        said = said_by_up("0.0.0.0", User.objects.create_superuser("owner"))

        assert "ready at http://192.0.2.7:8000/" in said
        assert "192.0.2.7, box, localhost" in said
        assert "python manage.py sign_in_link" in said
        assert "/sign-in/" not in said

    def test_once_somebody_can_sign_in_it_says_no_more_of_it(self, person: User) -> None:
        assert "sign_in_link" not in said_by_up("0.0.0.0", person)

    def test_on_ones_own_machine_it_prints_the_link(self, person: User) -> None:
        assert "http://127.0.0.1:8000/sign-in/" in said_by_up("127.0.0.1", person)


@pytest.mark.django_db
class TestSignInLink:
    @pytest.fixture
    def site(self) -> Iterator[None]:
        """A site that was started on a port that nobody listens on any more."""
        address.remember("http://192.0.2.7:8765", "127.0.0.1", free_port())
        yield
        address.forget()

    def test_it_leads_to_where_the_site_runs(self, site: None, person: User) -> None:
        out, err = StringIO(), StringIO()

        call_command("sign_in_link", "ottilie", stdout=out, stderr=err)

        assert out.getvalue().startswith("http://192.0.2.7:8765/sign-in/")
        assert "signs in ottilie once" in err.getvalue()
        assert "Nothing answers there now" in err.getvalue()

    def test_without_a_name_it_is_the_first_administrators(self) -> None:
        out = StringIO()

        call_command("sign_in_link", stdout=out, stderr=StringIO())

        assert User.objects.get().username == "owner"
        assert out.getvalue().startswith("http://127.0.0.1:8000/sign-in/")

    @pytest.mark.parametrize("kept", ["", "{}", "[]", json.dumps({"address": "x", "host": "x", "port": "x"})])
    def test_what_is_kept_may_be_broken(self, kept: str, settings: Settings) -> None:
        (Path(settings.DATA_DIR) / "address").write_text(kept)

        assert address.running_address()[0] == address.DEFAULT


@pytest.mark.django_db
class TestFirstVisit:
    def test_sign_in_page_says_how_the_first_account_is_made(self, client: Client) -> None:
        page = client.get("/sign-in/", headers={"Host": "localhost"}).content.decode()

        assert "python manage.py sign_in_link" in page
        assert "python manage.py createsuperuser" in page

    def test_it_says_nothing_of_it_once_somebody_can_sign_in(self, person: User, client: Client) -> None:
        assert "manage.py" not in client.get("/sign-in/", headers={"Host": "localhost"}).content.decode()

    def test_the_owner_whom_up_made_has_not_signed_in(self, client: Client) -> None:
        call_command("sign_in_link", stdout=StringIO(), stderr=StringIO())

        assert (
            "python manage.py sign_in_link"
            in client.get("/sign-in/", headers={"Host": "localhost"}).content.decode()
        )


class TestDataDirectory:
    def test_files_are_for_the_owner_alone_and_earlier_ones_are_closed(self, tmp_path: Path) -> None:
        new, old = tmp_path / "new", tmp_path / "old"
        old.write_text("kept")
        old.chmod(0o644)

        for path in (new, old):
            private.private_file(path, "made")

        assert [stat.S_IMODE(path.stat().st_mode) for path in (new, old)] == [0o600, 0o640]
        assert [path.read_text() for path in (new, old)] == ["made", "kept"]

    def test_a_folder_that_takes_nothing_is_named(self) -> None:
        for attempt in (
            lambda: private.check_writable(Path("/proc")),
            lambda: private.private_folder(Path("/proc/books")),
            lambda: private.private_file(Path("/proc/books")),
        ):
            with pytest.raises(
                ImproperlyConfigured, match="Nothing can be stored in the data directory /proc"
            ):
                attempt()

    def test_command_line_says_so_in_a_sentence(self) -> None:
        run = subprocess.run(
            [sys.executable, "manage.py", "up"], cwd=ROOT, capture_output=True, text=True,
            env={"CHAPTERFLOW_DATA_DIR": "/proc"}, timeout=120, check=False,
        )  # fmt: skip

        assert run.returncode == 1
        assert run.stderr.startswith(
            "ChapterFlow cannot start. Nothing can be stored in the data directory /proc"
        )
        assert "Traceback" not in run.stderr


def test_documented_settings_for_production_are_clean(tmp_path: Path) -> None:
    """`check --deploy` has nothing to say of an installation as docs/operations.md describes it."""
    named = {
        "CHAPTERFLOW_DATA_DIR": str(tmp_path / "data"),
        "CHAPTERFLOW_HTTPS": "yes",
        "ALLOWED_HOSTS": "books.example.org",
        "CSRF_TRUSTED_ORIGINS": "https://books.example.org",
    }

    run = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], cwd=ROOT, env=named,
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    documented = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    assert (run.returncode, run.stderr.strip()) == (0, ""), run.stderr
    assert all(f"`{name}`" in documented for name in named)
