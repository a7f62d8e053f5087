"""A book that is written from right to left, on pages that are not."""

import pytest
from playwright.sync_api import Page, expect

from tests.installation import Installation, wait_for

pytestmark = pytest.mark.browser

TOLD = (
    "كنت طفلا حين وصل الماء إلى باب البيت، وكانت أمي تحمل المصباح. لم نكن نعرف إلى أين نذهب في تلك الليلة.",
    "قال أبي إن النهر لا ينسى طريقه. انتظرنا ثلاثة أيام حتى جاء القارب من القرية البعيدة في سنة 1948.",
)
TITLES = ("ليلة الفيضان", "طريق النهر")
STORYLINE = {
    "chunks": [{"id": f"c{n}", "text": text} for n, text in enumerate(TOLD)],
    "nodes": [
        {"id": f"n{n}", "title": title, "centrality_score": 1 - n / 10, "chunk_ids": [f"c{n}"]}
        for n, title in enumerate(TITLES)
    ],
}
# Letters of a word join: what makes the first a large initial of its own tears it off.
INITIAL = """() => {
  const style = getComputedStyle(document.querySelector(".prose > p"), "::first-letter");
  return [style.initialLetter, style.float];
}"""
SLANTED = """() => [...document.querySelectorAll("body *")].filter((each) =>
  each.matches(":dir(rtl)") && getComputedStyle(each).fontStyle !== "normal").map((each) => each.outerHTML)"""

LEFT = """(selector) => {
  const words = new Range();
  words.selectNodeContents(document.querySelector(selector));
  return words.getBoundingClientRect().left;
}"""


@pytest.fixture(scope="module")
def arabic(site: Installation) -> str:
    """The address of a finished book in Arabic, with a slash at its end."""
    book = site.call("POST", "/books", {"title": "حكايات من ضفة النهر", "language": "ar"})["book_id"]
    version = site.call("POST", f"/books/{book}/storyline", STORYLINE)["version"]
    started = site.call("POST", f"/books/{book}/versions/{version}/start", {"writer": "quotations"})
    wait_for(lambda: site.status(str(started["session_id"])) == "completed")
    return f"{site.address}/books/{book}/v1/"


def test_book_goes_on_to_the_left(signed_in: Page, arabic: str) -> None:
    page = signed_in
    page.goto(f"{arabic}read/1/")
    before, following = (page.locator(f".turn [rel={way}]").bounding_box() for way in ("prev", "next"))
    assert before
    assert following
    assert following["x"] < before["x"]

    page.keyboard.press("ArrowLeft")
    page.wait_for_url("**/read/2/")
    page.keyboard.press("ArrowRight")

    page.wait_for_url("**/read/1/")


def test_words_keep_their_letters_together_and_upright(signed_in: Page, arabic: str) -> None:
    page = signed_in
    page.goto(f"{arabic}read/1/")

    assert page.evaluate(INITIAL) == ["normal", "none"]
    assert page.evaluate(SLANTED) == []


@pytest.mark.parametrize(
    ("path", "title", "beside"),
    [("outline/", "#chapter-1 h3", "#chapter-1 .meta"), ("review/", ".book-head h1", ".book-head .meta")],
)
def test_titles_begin_where_the_page_begins(
    signed_in: Page, arabic: str, path: str, title: str, beside: str
) -> None:
    page = signed_in
    page.goto(arabic + path)
    expect(page.locator(title)).to_be_visible()

    starts = [page.evaluate(LEFT, selector) for selector in (title, beside)]

    assert starts[0] == pytest.approx(starts[1], abs=3)
