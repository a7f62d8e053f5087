"""Chapter Markdown to HTML that is safe to show: the parser decides what may stand there, then nh3 again."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import cast

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from books.storyline.values.titles import plain_title
from books.text.citations import citation_marks, paragraphs, unescape_markdown

from .marks import WeakSentence
from .sources import RINGS, SourceView, Voice, voices_of
from .underlining import note_of, underline

# The parser copies its pending text at each special character; a longer block is shown unformatted.
LONGEST_BLOCK = 50_000
LONGEST_TEXT = 10_000
LONGEST_ENTITY = 40
_TEXT = re.compile(r"[^<>]++")

_URL = r"(?:https?://|mailto:)(?:[^\s<>()]|\([^\s<>()]{0,200}\)){1,2000}"
SAFE_LINK = rf'!?\[([^\[\]\n]{{1,500}})\]\(<?({_URL})>?(?:[ \t]+"[^"\n]{{0,300}}")?\)|<({_URL})>'
_LINK = re.compile(SAFE_LINK)
_ENV = "chapter"
_FIRST_LINE = "first_line"

_HEADINGS = ("h2", "h3", "h4", "h5", "h6")
_TEXT_TAGS = ("p", "em", "strong", "blockquote", "ul", "ol", "li", "hr", "br", "code", "pre", *_HEADINGS)
_CLASSES = {
    "a": {"cite"},
    "span": {"voice", "vh", "weak"},
    "p": {"told"},
    "div": {"weak-note"},
    "strong": {"told__who"},
}
_CLEANER = nh3.Cleaner(
    tags={*_TEXT_TAGS, "div", "span", "a"},
    clean_content_tags={"script", "style"},
    attributes={"a": {"href", "id", "rel"}, "span": {"aria-hidden", "id"}, "ol": {"start"}},
    tag_attribute_values={
        "span": {"data-voice": {str(ring) for ring in range(1, RINGS + 1)}},
        "div": {"lang": {"en"}, "dir": {"ltr"}},
    },
    allowed_classes=_CLASSES,
    url_schemes={"http", "https", "mailto"},
    link_rel=None,
    strip_comments=True,
)


@dataclass(frozen=True)
class RenderedChapter:
    """A chapter's text. `cited` are the sources that have a mark in it; the first mark of N is `#cite-N`."""

    html: SafeString
    cited: frozenset[int]


@dataclass
class _Reading:
    title: str
    anchor: str
    sources: dict[str, SourceView]
    voices: dict[str, Voice]
    cited: set[int] = field(default_factory=set)
    marks: dict[str, dict[int, tuple[int, SourceView]]] = field(default_factory=dict)
    heading_level: int = 1
    weak: Sequence[WeakSentence] = ()

    def marks_in(self, text: str) -> dict[int, tuple[int, SourceView]]:
        """The marks of known chunks in `text`, found once: start → (end, source)."""
        if text not in self.marks:
            self.marks[text] = {
                start: (end, self.sources[chunk_id])
                for start, end, chunk_id in citation_marks(text)
                if chunk_id in self.sources
            }
        return self.marks[text]

    def voice(self, name: str) -> Voice:
        if name not in self.voices:
            self.voices = voices_of([*self.voices, name])
        return self.voices[name]


def render_chapter(
    markdown: str,
    sources: Sequence[SourceView],
    *,
    title: str = "",
    anchor: str = "p",
    weak: Sequence[WeakSentence] = (),
) -> RenderedChapter:
    """Render a chapter's Markdown; the marks of `sources` become links to `#{anchor}{number}`.

    The sentences of `weak` are underlined, the one of number N with the id `weak-N`, with a note before their block.

    A first heading that repeats `title` is left out. Raw HTML and other links than http(s) and mailto
    stay text, a picture becomes a link to it. Headings begin at level 2. Time and size grow linearly.
    """
    reading = _Reading(
        title=title,
        anchor=anchor,
        sources={source.chunk_id: source for source in sources},
        voices=voices_of(source.speaker for source in sources),
        weak=weak,
    )
    raw = "".join(_render_pieces(markdown, reading))
    return RenderedChapter(mark_safe(sanitize(raw)), frozenset(reading.cited))  # noqa: S308 (just sanitized)


def sanitize(html: str) -> str:
    """Keep only what a chapter may consist of, whatever the parser let through."""
    return _CLEANER.clean(_TEXT.sub(_with_breaks, html))


def _with_breaks(text: re.Match[str]) -> str:
    """Put empty comments, which are stripped again, into a long text: the cleaner takes the square of its length."""
    parts: list[str] = []
    at = 0
    while text.end() - text.start() - at > LONGEST_TEXT:
        end = at + LONGEST_TEXT
        entity = text[0].rfind("&", end - LONGEST_ENTITY, end)
        if entity > at and ";" not in text[0][entity:end]:
            end = entity
        parts.append(text[0][at:end])
        at = end
    return "<!---->".join([*parts, text[0][at:]])


def _render_pieces(markdown: str, reading: _Reading) -> Iterator[str]:
    at = 0
    for _, offset, text in paragraphs(markdown):
        if len(text) > LONGEST_BLOCK:
            yield _render_piece(markdown, at, offset, reading)
            yield f"<p>{_plain(text, reading)}</p>\n"
            at = offset + len(text)
    yield _render_piece(markdown, at, len(markdown), reading)


def _render_piece(markdown: str, start: int, end: int, reading: _Reading) -> str:
    first_line = markdown.count("\n", 0, start)
    return cast(str, _PARSER.render(markdown[start:end], {_ENV: reading, _FIRST_LINE: first_line}))


def _plain(text: str, reading: _Reading) -> str:
    parts: list[str] = []
    at = 0
    for start, (end, source) in reading.marks_in(text).items():
        parts += [html.escape(unescape_markdown(text[at:start])).rstrip(), _cite_html(source, reading)]
        at = end
    return "".join([*parts, html.escape(unescape_markdown(text[at:]))])


def _cite_html(source: SourceView, reading: _Reading) -> str:
    number = source.number
    identity = "" if number in reading.cited else f' id="cite-{number}"'
    reading.cited.add(number)
    speaker = f'<span class="vh">, {html.escape(source.speaker)}</span>' if source.speaker else ""
    return (
        f'<a class="cite"{identity} href="#{reading.anchor}{number}">'
        f'<span class="vh">Source </span>{number}{speaker}</a>'
    )


def _reading_of(env: EnvType) -> _Reading:
    return cast(_Reading, env[_ENV])


def _inline_mark(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "[":
        return False
    mark = _reading_of(state.env).marks_in(state.src).get(state.pos)
    if mark is None:
        return False
    state.pos, source = mark
    if not silent:
        state.pending = state.pending.rstrip(" ")
        state.push("cite", "", 0).meta = {"source": source}
    return True


def _inline_link(state: StateInline, silent: bool) -> bool:
    link = _LINK.match(state.src, state.pos) if state.src[state.pos] in "![<" else None
    if link is None:
        return False
    state.pos = link.end()
    if not silent:
        url = link[2] or link[3]
        opening = state.push("link_open", "a", 1)
        opening.attrs = {"href": state.md.normalizeLink(url), "rel": "nofollow noopener"}
        state.push("text", "", 0).content = unescape_markdown(link[1] or url)
        state.push("link_close", "a", -1)
    return True


def _shape_blocks(state: StateCore) -> None:
    """Give headings their level, drop one that repeats the title, give speakers their mark."""
    reading = _reading_of(state.env)
    tokens = state.tokens
    if len(tokens) > 2 and tokens[0].type == "heading_open" and _same(tokens[1].content, reading.title):
        del tokens[:3]
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open":
            reading.heading_level = min(max(2, int(opening.tag[1])), reading.heading_level + 1)
            opening.tag = f"h{reading.heading_level}"
        elif inline.type == "heading_close":
            inline.tag = f"h{reading.heading_level}"
        elif opening.type == "paragraph_open" and inline.children:
            _shape_told(opening, inline.children)


def _same(heading: str, title: str) -> bool:
    return plain_title(unescape_markdown(heading).strip()).casefold() == title.strip().casefold() != ""


def _shape_told(opening: Token, children: list[Token]) -> None:
    kept = [index for index, child in enumerate(children[:6]) if child.type != "text" or child.content][:3]
    if [children[index].type for index in kept] != ["strong_open", "text", "strong_close"]:
        return
    name, colon, rest = children[kept[1]].content.strip().partition(":")
    if not (name and colon) or rest:
        return
    opening.attrSet("class", "told")
    told = Token("told", "", 0, content=name)
    children[: kept[2] + 1] = [told]


def _render_cite(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return _cite_html(tokens[index].meta["source"], _reading_of(env))


def _render_told(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    voice = _reading_of(env).voice(tokens[index].content)
    letter = html.escape(voice.letter)
    return (
        f'<span class="voice" data-voice="{voice.ring}" aria-hidden="true">{letter}</span> '
        f'<strong class="told__who">{html.escape(voice.name)}<span class="vh">:</span></strong>'
    )


def _underline(state: StateCore) -> None:
    reading = _reading_of(state.env)
    if reading.weak:
        underline(state.tokens, reading.weak, state.env[_FIRST_LINE])


def _render_weak_open(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    number = tokens[index].meta["number"]
    return f'<span class="weak" id="weak-{int(number)}">' if number else '<span class="weak">'


def _render_weak_close(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    said = '<span class="vh"> (marked: see the note before this paragraph)</span>'
    return f"{said if tokens[index].meta['is_last'] else ''}</span>"


def _render_weak_note(
    self: RendererProtocol, tokens: Sequence[Token], index: int, options: OptionsDict, env: EnvType
) -> str:
    return f'<div class="weak-note" lang="en" dir="ltr">{html.escape(note_of(tokens[index].meta["sentences"]))}</div>\n'


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False})
    parser.disable(["html_block", "html_inline", "reference", "code", "link", "image", "autolink"])
    parser.inline.ruler.before("emphasis", "citation_mark", _inline_mark)
    parser.inline.ruler.after("citation_mark", "safe_link", _inline_link)
    parser.core.ruler.push("chapter_blocks", _shape_blocks)
    parser.core.ruler.push("weak_sentences", _underline)
    parser.add_render_rule("weak_open", _render_weak_open)
    parser.add_render_rule("weak_close", _render_weak_close)
    parser.add_render_rule("weak_note", _render_weak_note)
    parser.add_render_rule("cite", _render_cite)
    parser.add_render_rule("told", _render_told)
    return parser


_PARSER = _make_parser()
