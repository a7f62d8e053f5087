"""A running installation and a browser that complains about everything a console would."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.installation import Installation

# Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all browser tests."""
    folder = tmp_path_factory.mktemp("site")
    with Installation(folder, from_nothing=True, CHAPTERFLOW_TEST_SECONDS="1") as installation:
        yield installation


@pytest.fixture(scope="session")
def cookies(site: Installation, browser: Browser) -> list[object]:
    """Sign in once, by the link that was printed."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(site.sign_in_link)
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    found: list[object] = list(context.cookies())
    context.close()
    return found


@pytest.fixture
def signed_in(site: Installation, browser: Browser, cookies: list[object]) -> Iterator[Page]:
    """A page of somebody who is signed in; anything in its console is a failure."""
    context = browser.new_context()
    context.add_cookies(cookies)  # type: ignore[arg-type]
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def without_script(site: Installation, browser: Browser, cookies: list[object]) -> Iterator[Page]:
    """The same without JavaScript."""
    context = browser.new_context(java_script_enabled=False)
    context.add_cookies(cookies)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()
