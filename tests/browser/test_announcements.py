"""What a live board reads out: few things, and each once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_book import start, upload
from tests.installation import Installation
from tests.storylines import storyline

pytestmark = pytest.mark.browser

CHAPTERS = 24
# Failures that follow each other are said together after as long (`GATHER_SECONDS` of announce.js); milliseconds.
GATHERING = 5_500
# Notes each text that comes to stand in a live region.
LISTENER = """() => {
  window.heard = [];
  const loud = "[role=status], [role=alert], [aria-live]:not([aria-live=off])";
  new MutationObserver((changes) => {
    const regions = new Set();
    for (const { target } of changes) {
      const element = target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement;
      const region = element?.closest(loud);
      if (region) regions.add(region);
      for (const each of element?.querySelectorAll("[role=alert]") ?? []) regions.add(each);
    }
    for (const region of regions) {
      const text = region.textContent.trim().replace(/\\s+/g, " ");
      if (text) window.heard.push(text);
    }
  }).observe(document.body, { childList: true, characterData: true, subtree: true });
}"""


@pytest.fixture
def troubles(site: Installation) -> Iterator[None]:
    """Let the provider refuse chapter 1 for a while, and two others for good."""
    scripts = {"limit-1": "6", "fail-5": "bad_credentials", "fail-9": "bad_credentials"}
    for name, text in scripts.items():
        (site.control / name).write_text(text)
    yield
    for name in scripts:
        (site.control / name).unlink(missing_ok=True)


def failures_told(heard: list[str]) -> int:
    """Return of how many chapters it was said that they failed: one by one, or together where they came together."""
    told = [re.match(r"(\d+) (?:more )?chapters failed", words) for words in heard if "failed" in words]
    return sum(int(match[1]) if match else 1 for match in told)


def test_failures_and_quarters_are_read_out_and_nothing_else(
    signed_in: Page, site: Installation, tmp_path: Path, troubles: None
) -> None:
    page = signed_in
    upload(page, site, tmp_path, storyline(CHAPTERS))
    page.get_by_label("Go on without it").check()
    start(page, writer="python:tests.writers:failing")
    expect(page.locator("body[data-live]")).to_be_attached()
    page.evaluate(LISTENER)
    expect(page.locator("time[data-until]").first).to_be_visible()
    (site.control / "limit-1").unlink()

    expect(page.get_by_text("The book is written").first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(GATHERING)

    heard: list[str] = page.evaluate("window.heard")
    assert failures_told(heard) == 2, heard
    assert 3 <= len(heard) <= 12, heard
    assert len(set(heard)) == len(heard), heard
