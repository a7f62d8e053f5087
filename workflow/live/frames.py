"""Makes out-of-band pieces for the browser: every piece replaces the element of its id, so that twice is once."""

import re
from collections.abc import Iterable, Mapping

from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflow.board import Board
from workflow.board.cards import Card
from workflow.board.markup import Lens, render_card, render_now, render_seq

_OPENING = re.compile(r"<[a-z]+(?= )")
# A live region is only read out where the region itself stays and its content changes.
_KEPT = frozenset({"board-count"})


def swap(name: str, html: str) -> str:
    """Return `html`, whose first element has the id `name`, so that it replaces that element of the page."""
    style = "innerHTML" if name in _KEPT else "true"
    return _OPENING.sub(lambda opening: f'{opening[0]} hx-swap-oob="{style}"', html, count=1)


def card_pieces(cards: Iterable[Card], lens: Lens, *, is_news: bool) -> dict[str, str]:
    """Return the cards by element id.

    News is washed with colour for a moment, what was missed is not.
    """
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


def now_piece(board: Board, texts: Mapping[int, SafeString]) -> dict[str, str]:
    """Return what is being written now, with the texts so far by chapter number."""
    return {"lane-now": swap("lane-now", render_now(board, texts))}


def proof_pieces(proofs: Mapping[int, SafeString]) -> dict[str, str]:
    """Return the texts so far, by chapter number, as pieces that fill their places above the list."""
    return {
        f"now-{number}-proof": format_html(
            '<div hx-swap-oob="innerHTML" id="now-{}-proof">{}</div>', number, html
        )
        for number, html in proofs.items()
    }


def changed_pieces(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Return the pieces for those parts of `new` that are not the same in `old`."""
    return {name: swap(name, html) for name, html in new.items() if old.get(name) != html}
