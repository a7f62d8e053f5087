"""Makes out-of-band pieces for the browser: every piece replaces the element of its id, so that twice is once."""

import re
from collections.abc import Iterable, Mapping

from django.utils.html import format_html, format_html_join

from books.passages import unescape_markdown
from workflow.board import Board
from workflow.board.cards import Card
from workflow.board.markup import Lens, render_card, render_seq

from .bell import Glimpse

_OPENING = re.compile(r"<[a-z]+(?= )")
# A live region is only read out where the region itself stays and its content changes.
_KEPT = frozenset({"board-count"})
_PARAGRAPH = re.compile(r"\n\s*\n")
# Emphasis, headings and citation marks: a glimpse is plain text, the finished chapter has them as they are meant.
_MARKS = re.compile(r"(?<!\\)(?:\*{1,3}|\s*\[[^\[\]\n]{1,200}\](?!\())|^#{1,6} ", re.MULTILINE)


def swap(name: str, html: str) -> str:
    """Return `html`, whose first element has the id `name`, so that it replaces that element of the page."""
    style = "innerHTML" if name in _KEPT else "true"
    return _OPENING.sub(lambda opening: f'{opening[0]} hx-swap-oob="{style}"', html, count=1)


def card_pieces(cards: Iterable[Card], lens: Lens, *, is_news: bool) -> dict[str, str]:
    """Return the cards by element id. News is washed with colour for a moment, what was missed is not."""
    pieces: dict[str, str] = {}
    for card in cards:
        html: str = render_card(card, lens.view)
        if is_news:
            html = html.replace('class="chapter"', 'class="chapter is-new"', 1)
        pieces[f"chapter-{card.number}"] = swap(f"chapter-{card.number}", html)
    return pieces


def seq_piece(board: Board) -> str:
    """Return the mark that says up to which event the page shows everything."""
    return swap("board-seq", render_seq(board))


def glimpse_pieces(glimpse: Glimpse) -> dict[str, str]:
    """Return the text that is being written, for the detailed view."""
    name = f"chapter-{glimpse.number}-proof"
    text = unescape_markdown(_MARKS.sub("", glimpse.ending))
    paragraphs = [part.strip() for part in _PARAGRAPH.split(text) if part.strip()]
    html = format_html(
        '<div id="{}"><div class="proof" role="region" aria-live="off" '
        'aria-label="Text of chapter {} as it is written">{}</div><div class="proof__foot"><p class="quiet">'
        "{} words so far. Not final: the text is checked against its passages when it is complete.</p></div></div>",
        name,
        glimpse.number,
        format_html_join("", "<p>{}</p>", ((part,) for part in paragraphs)),
        f"{glimpse.word_count:,}",
    )
    return {name: html.replace("<div id=", '<div hx-swap-oob="innerHTML" id=', 1)}


def changed_pieces(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the pieces for those parts of `new` that are not the same in `old`."""
    return {name: swap(name, html) for name, html in new.items() if old.get(name) != html}
