"""How templates are written: one element a line, no line too long, and no space lost at a line's end (decision 36)."""

import re
from pathlib import Path

import pytest
from django.template import Context, Engine, TemplateDoesNotExist, TemplateSyntaxError
from django.template.base import Lexer
from django.template.loader import get_template

from chapterflow_site.template_loader import SqueezedTemplate, Squeezer, squeeze

ROOT = Path(__file__).resolve().parents[1] / "templates"
NAMES = sorted(str(path.relative_to(ROOT)) for path in ROOT.rglob("*.html"))
LONGEST_LINE = 140
BLOCKS = (
    "article|aside|div|dd|details|dl|dt|fieldset|footer|form|h[1-6]|header|li|main|nav|ol|p|section|table|td|th|tr"
    "|ul"
)
OPENS_A_BLOCK = re.compile(rf"<(?:{BLOCKS})\b")
# What a sentence is made of: elements within it, words and variables, and the space that is written.
PHRASE = "(?:a|abbr|b|bdi|cite|code|del|em|i|ins|kbd|mark|q|span|strong|sub|sup|time|u)\\b"
WORD, ENDS_IN_WORD = r"(?:[\w(“‘]|{{ (?!\" \"))", r"(?:[\w.,:;!?)”’…]|(?<!\" \" )}})"
LOST_SPACE = re.compile(
    rf"{ENDS_IN_WORD}\n\s*<{PHRASE}|</{PHRASE}>\n\s*{WORD}"
    rf"|{ENDS_IN_WORD}\n\s*{{% (?:if|for) [^\n]*%}}\n?\s*{WORD}"
    rf"|{ENDS_IN_WORD}\s*{{% end(?:if|for) %}}\n\s*{WORD}"
)


def source_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def rendered(source: str, **values: object) -> str:
    return SqueezedTemplate(source, engine=Engine()).render(Context(values))


@pytest.mark.parametrize("name", NAMES)
def test_no_line_is_long(name: str) -> None:
    assert [line for line in source_of(name).splitlines() if len(line) > LONGEST_LINE] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_line_opens_one_block(name: str) -> None:
    assert [line for line in source_of(name).splitlines() if len(OPENS_A_BLOCK.findall(line)) > 1] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_space_is_lost_at_the_end_of_a_line(name: str) -> None:
    assert [match[0] for match in LOST_SPACE.finditer(source_of(name))] == []


@pytest.mark.parametrize(
    "text",
    [
        "It waits until\n  <time>4</time>",
        "{{ count }}\n<b>chapters</b>",
        "<code>up</code>\n  says so",
        "It ended.\n{% if late %}Late.{% endif %}",
        "{{ name }}\n{% if late %}\n  {{ time }}",
        "late\n{% endif %}\n{{ name }}",
        "late{% endif %}\n{{ name }}",
    ],
)
def test_a_lost_space_is_seen(text: str) -> None:
    assert LOST_SPACE.search(text)


@pytest.mark.parametrize(
    "text",
    [
        'until{{ " " }}\n<time>',
        '<b>4</b>{{ " " }}\nchapters',
        "until <time>\n  4\n</time>",
        "<p>\n  Words\n</p>\n<p>",
    ],
)
def test_a_space_that_is_written_is_not_lost(text: str) -> None:
    assert not LOST_SPACE.search(text)


@pytest.mark.parametrize("name", NAMES)
def test_what_pieces_share_stands_once(name: str) -> None:
    assert 'hx-disabled-elt="this"' not in source_of(name), (
        "a button that acts in place is made by {% press %}"
    )
    assert not re.search(r"%}\s*hx-swap-oob=", source_of(name)), (
        "a piece that may replace another has {% oob %}"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_template_ends_outside_of_a_tag(name: str) -> None:
    squeezer = Squeezer()
    for token in Lexer(source_of(name)).tokenize():
        squeezer.squeeze(token.contents if token.token_type.name == "TEXT" else "", None, None)

    assert not squeezer.is_in_tag


@pytest.mark.parametrize("name", NAMES)
def test_every_template_can_be_read(name: str) -> None:
    assert get_template(name)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("\n<ul>\n  <li>1</li>\n  <li>2</li>\n</ul>\n", "<ul><li>1</li><li>2</li></ul>"),
        ("<p>\n  one\n  two\n</p>", "<p>one two</p>"),
        ("<p>\n  {{ one }}\n  {{ two }}\n</p>", "<p>1 2</p>"),
        ('<p>\n  until{{ " " }}\n  <b>2</b>\n</p>', "<p>until <b>2</b></p>"),
        ('<p>one{{ " " }}\n two</p>', "<p>one two</p>"),
        ("<b>1</b> <b>2</b>\n", "<b>1</b> <b>2</b>"),
        ("<p>\n  {% if one %}\n    yes\n  {% endif %}\n</p>", "<p>yes</p>"),
        ('<a\n  class="x"\n  {% if one %}id="y"{% endif %}\n>z</a>', '<a class="x" id="y">z</a>'),
        ("<input\n  id='x'\n/>", "<input id='x'/>"),
        ('<a title="1 > 2"\n   id="x">\n  z\n</a>', '<a title="1 > 2" id="x">z</a>'),
        ('<a href="{{ one }}"\n   id="x">', '<a href="1" id="x">'),
        ("<pre>\n  {{ one }}\n</pre>\n<p>", "<pre>\n  1\n</pre><p>"),
        ("<textarea\n  id='x'>\n a\n</textarea>\n<p>", "<textarea id='x'>\n a\n</textarea><p>"),
        ("one\n{# a remark #}\ntwo", "one two"),
        ("<p>\n  {# a remark #}\n  one</p>", "<p>one</p>"),
        ("1 < 2\n 3", "1 < 2 3"),
    ],
)
def test_line_breaks_go_by_the_rule(text: str, html: str) -> None:
    assert rendered(text, one=1, two=2) == html


def test_what_is_shown_keeps_its_line_breaks() -> None:
    assert rendered("<p>\n  {{ text }}\n</p>", text="a\n <b>") == "<p>a\n &lt;b&gt;</p>"


def test_a_fault_is_told_by_the_line_of_the_source() -> None:
    tokens = squeeze(Lexer("<p>\n  one\n  {% if x %}y{% endif %}\n</p>").tokenize())

    assert [token.lineno for token in tokens if token.contents == "if x"] == [3]


@pytest.mark.parametrize("text", ["<p>\n{% if %}\n</p>", "<p>\n{{ }}\n</p>", "<p>\n{% nothing %}</p>"])
def test_a_wrong_template_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(TemplateSyntaxError) as refused:
        SqueezedTemplate(text, engine=Engine(debug=True))

    assert refused.value.template_debug["line"] == 2  # type: ignore[attr-defined]


def test_a_template_may_extend_another_of_its_own_name() -> None:
    assert isinstance(get_template("admin/base_site.html").template, SqueezedTemplate)
    assert 'id="site-name"' in get_template("admin/base_site.html").render({"site_header": "ChapterFlow"})


def test_a_template_that_is_not_there_is_told() -> None:
    with pytest.raises(TemplateDoesNotExist):
        get_template("nowhere.html")


def test_other_peoples_templates_are_as_they_wrote_them() -> None:
    assert not isinstance(get_template("admin/change_list.html").template, SqueezedTemplate)
    assert isinstance(get_template("base.html").template, SqueezedTemplate)
