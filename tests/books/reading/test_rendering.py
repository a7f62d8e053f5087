"""Chapter Markdown becomes safe HTML with numbered marks."""

from html.parser import HTMLParser

import pytest

from books.reading import SourceView, Voice, render_chapter, rendering
from books.reading.rendering import LONGEST_BLOCK
from books.text.citations import citation_mark, escape_markdown

HEADINGS = {"h2", "h3", "h4", "h5", "h6"}
ALLOWED = HEADINGS | {
    "p",
    "a",
    "em",
    "strong",
    "span",
    "blockquote",
    "ul",
    "ol",
    "li",
    "hr",
    "br",
    "code",
    "pre",
}


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;script&#62;",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1)) <javascript:alert(1)>",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](&#106;avascript:alert(1))",
    "![x](javascript:alert(1)) ![pixel](http://tracker.example/p.png)",
    "[x][1]\n\n[1]: javascript:alert(1)",
    '[x](http://a.example/" onmouseover="alert(1))',
    "<http://a.example/\"onclick='x'>",
    '**"><script>alert(1)</script>:** said',
    "```html\n<script>alert(1)</script>\n```\n",
    '<a class="cite" href="javascript:alert(1)">1</a>',
    "<!-- --><style>*{display:none}</style>",
    "a\x00b\x1b[31m\u202e",
]


def source(number: int = 1, chunk_id: str = "c-1", speaker: str = "Ottilie Varnholt") -> SourceView:
    voice = Voice(speaker, speaker[:1], 1)
    return SourceView(number, chunk_id, "text", speaker, "Tape 3", 761.0, None, voice, ())


class Inventory(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def assert_harmless(html: str) -> None:
    for tag, attributes in Inventory(html).tags:
        assert tag in ALLOWED
        assert set(attributes) <= {"class", "href", "id", "rel", "data-voice", "aria-hidden", "start"}
        href = attributes.get("href") or "#p1"
        assert href.startswith(("#p", "http://", "https://", "mailto:"))
        if not href.startswith("#p"):
            assert attributes["rel"] == "nofollow noopener"


def test_mark_of_a_known_passage_becomes_a_numbered_link() -> None:
    rendered = render_chapter("It shut. [c-7]", [source(3, "c-7")])

    assert rendered.html == (
        '<p>It shut.<a class="cite" id="cite-3" href="#p3"><span class="vh">Source </span>3'
        '<span class="vh">, Ottilie Varnholt</span></a></p>\n'
    )
    assert rendered.cited == {3}


def test_unknown_mark_stays_text() -> None:
    rendered = render_chapter("It shut. [c-8]", [source()])

    assert rendered.html == "<p>It shut. [c-8]</p>\n"
    assert rendered.cited == frozenset()


def test_only_the_first_mark_of_a_source_has_an_id() -> None:
    rendered = render_chapter("One. [c-1]\n\nTwo. [c-1]", [source()], anchor="n")

    assert rendered.html.count('id="cite-1"') == 1
    assert rendered.html.count('href="#n1"') == 2


@pytest.mark.parametrize("chunk_id", ["c_1_*x*", "a&amp;b", "<c>", "c [1]", "tape 3\\4", 'q"><b>'])
def test_any_chunk_id_can_be_cited(chunk_id: str) -> None:
    rendered = render_chapter(f"It shut. {citation_mark(chunk_id)}", [source(1, chunk_id)])

    assert rendered.cited == {1}
    assert_harmless(rendered.html)


def test_speaker_of_a_paragraph_gets_the_ring_of_the_passages() -> None:
    sources = [source(1, "c-1", "Emm"), source(2, "c-2", "Ottilie")]

    html = render_chapter("**Ottilie:** You do not notice. [c-2]", sources).html

    assert '<p class="told"><span class="voice" data-voice="2" aria-hidden="true">O</span>' in html
    assert '<strong class="told__who">Ottilie<span class="vh">:</span></strong> You do not notice.' in html


def test_bold_words_that_name_nobody_stay_bold_words() -> None:
    html = render_chapter("**Never** again.\n\nHe said: **Ottilie:** no.", []).html

    assert "told" not in html
    assert html.count("<strong>") == 2


def test_heading_that_repeats_the_title_is_left_out() -> None:
    html = render_chapter("# The Winter\n\nText.\n\n# The Winter\n\nMore.", [], title="The winter").html

    assert html == "<p>Text.</p>\n<h2>The Winter</h2>\n<p>More.</p>\n"


def test_headings_begin_below_the_title_and_skip_no_level() -> None:
    html = render_chapter("#### Deep\n\n# Top\n\n### Third\n\n#### Fourth", []).html

    assert html == "<h2>Deep</h2>\n<h2>Top</h2>\n<h3>Third</h3>\n<h4>Fourth</h4>\n"


def test_verbatim_quote_reads_as_it_was_said() -> None:
    said = "2. *No* <b>, [c-1] & ` ~ # | \\ “so” &lt; 1_000_000"

    html = render_chapter(escape_markdown(said), []).html

    shown: list[str] = []
    parser = HTMLParser()
    parser.handle_data = shown.append  # type: ignore[method-assign]
    parser.feed(html)
    assert "".join(shown).strip() == said


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_harmless(hostile: str) -> None:
    html = render_chapter(f"{hostile}\n\n[c-1]", [source(speaker="<i>O</i>")]).html

    assert_harmless(html)
    assert "<script" not in html
    assert 'href="#p1"' in html


@pytest.mark.parametrize("hostile", HOSTILE)
def test_parser_alone_lets_nothing_through(hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "sanitize", lambda html: html)

    html = render_chapter(f"{hostile}\n\n[c-1]", [source(speaker="<i>O</i>")]).html

    assert_harmless(html)
    assert 'href="#p1"' in html


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "<p onclick='alert(1)' style='color:red' class='told evil'>x</p>",
        "<a href='javascript:alert(1)' class='cite' target='_top'>x</a>",
        "<img src='http://t.example/p.png'><svg><a xlink:href='javascript:alert(1)'>x</a></svg>",
        "<span data-voice='9' data-turn='next' id='main'>x</span>",
        "<form action='/sign-out/'><button>x</button></form><iframe src='/'></iframe>",
    ],
)
def test_sanitizer_alone_lets_nothing_through(hostile: str) -> None:
    clean = rendering.sanitize(hostile)

    assert_harmless(clean)
    assert "evil" not in clean
    assert 'data-voice="9"' not in clean


def test_web_address_becomes_a_link_that_passes_nothing_on() -> None:
    html = render_chapter("See [the map](https://a.example/x_(1)) and <mailto:a@b.example>.", []).html

    assert '<a href="https://a.example/x_(1)" rel="nofollow noopener">the map</a>' in html
    assert '<a href="mailto:a@b.example" rel="nofollow noopener">mailto:a@b.example</a>' in html


@pytest.mark.parametrize(
    "text",
    [
        "word " * 200_000,
        "[" * 1_000_000,
        "![a" * (LONGEST_BLOCK // 3 - 1),
        "[a](http://a(" * (LONGEST_BLOCK // 13),
        "*a_ " * (LONGEST_BLOCK // 4),
        "<a&b" * (LONGEST_BLOCK // 4),
        "> " * 4_000 + "a",
        "\n".join("  " * depth + "- a" for depth in range(200)),
        "text [c-1] " * 90_000,
    ],
    ids=["words", "brackets", "pictures", "links", "emphasis", "angles", "quotes", "lists", "marks"],
)
def test_endless_text_is_rendered(text: str) -> None:
    """A rule that is quadratic in the text would keep this test running for minutes."""
    html = render_chapter(text, [source()]).html

    assert html.startswith("<")
    assert_harmless(html[:100_000])


def test_block_too_long_to_be_formatted_keeps_its_marks() -> None:
    text = "Before.\n\n" + "a * b " * (LONGEST_BLOCK // 6 + 1) + "[c-1]\n\n**After.**"

    rendered = render_chapter(text, [source()])

    assert rendered.cited == {1}
    assert rendered.html.startswith("<p>Before.</p>")
    assert rendered.html.endswith("<p><strong>After.</strong></p>\n")
