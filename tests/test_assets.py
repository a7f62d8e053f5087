"""What crosses the network is compressed, and assets are kept by browsers for good under names by content."""

import gzip
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings
from whitenoise.middleware import WhiteNoiseMiddleware

from chapterflow_site.assets import AssetStorage, collect_assets

# The end of a response closes the connection to the database.
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def as_in_use(settings: Settings) -> None:
    """Let assets be served as an installation serves them: looked through once, at its start."""
    settings.WHITENOISE_AUTOREFRESH = False


@pytest.fixture
def collected(settings: Settings, tmp_path: Path) -> Iterator[AssetStorage]:
    settings.STATIC_ROOT = tmp_path
    staticfiles_storage._setup()
    collect_assets()
    yield staticfiles_storage
    settings.STATIC_ROOT = tmp_path / "none"
    staticfiles_storage._setup()


def answer(path: str) -> tuple[Mapping[str, str], bytes]:
    """Return the headers and the body that a browser gets for the address of an asset."""
    serve = WhiteNoiseMiddleware(lambda request: HttpResponse(status=404))
    response = serve(RequestFactory().get(path, headers={"Accept-Encoding": "gzip"}))
    body = b"".join(response)
    response.close()
    return response.headers, body


def test_collected_asset_is_kept_for_good_and_comes_compressed(collected: AssetStorage) -> None:
    address = collected.url("app.css")

    headers, body = answer(address)

    assert re.fullmatch(r"/static/app\.[0-9a-f]{12}\.css", address)
    assert "immutable" in headers["Cache-Control"]
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == "Accept-Encoding"
    assert gzip.decompress(body) == Path("static/app.css").read_bytes()


def test_assets_are_collected_once(collected: AssetStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapterflow_site.assets.call_command", lambda *_, **__: pytest.fail("again"))

    collect_assets()


def test_assets_of_another_release_are_not_named(collected: AssetStorage, settings: Settings) -> None:
    (Path(settings.STATIC_ROOT) / "collected.txt").write_text("another release")

    assert AssetStorage().url("app.css") == "/static/app.css"


def test_asset_that_is_not_collected_is_served_by_its_own_name() -> None:
    assert staticfiles_storage.url("app.css") == "/static/app.css"
    assert "immutable" not in answer("/static/app.css")[0]["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/help/", "/api/openapi.json"])
def test_page_is_compressed_and_kept_by_nobody(person: User, path: str) -> None:
    client = Client()
    client.force_login(person)

    response = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert response.status_code == 200
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert "no-store" in response.headers["Cache-Control"]
