"""Makes out-of-band pieces for the browser: every piece replaces the element of its id, so that twice is once."""

from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString

from workflow.pages.board import Board
from workflow.pages.board.cards import Card
from workflow.pages.board.markup import (
    BoardPart,
    BoardView,
    render_card,
    render_now,
    render_proof,
    render_seq,
)


def card_pieces(cards: Iterable[Card], board_view: BoardView, *, is_news: bool) -> dict[str, str]:
    """Return the cards by element id.

    News is washed with colour for a moment, what was missed is not.
    """
    return {
        f"chapter-{card.number}": render_card(card, board_view.view, is_oob=True, is_new=is_news)
        for card in cards
    }


def seq_piece(board: Board) -> str:
    """Return the mark that says up to which event the page shows everything."""
    return render_seq(board, is_oob=True)


def now_piece(board: Board, texts: Mapping[int, SafeString]) -> dict[str, str]:
    """Return what is being written now, with the texts so far by chapter number."""
    return {"lane-now": render_now(board, texts, is_oob=True)}


def preview_pieces(proofs: Mapping[int, SafeString]) -> dict[str, str]:
    """Return the texts so far, by chapter number, as pieces that fill their places above the list."""
    return {f"now-{number}-proof": render_proof(number, html) for number, html in proofs.items()}


def changed_pieces(old: Mapping[str, BoardPart], new: Mapping[str, BoardPart]) -> dict[str, str]:
    """Return those parts of `new` that do not look the same in `old`; nothing is rendered for what is the same."""
    return {name: html for name, part in new.items() if (html := _changed(old.get(name), part))}


def _changed(old: BoardPart | None, new: BoardPart) -> str:
    if old == new:
        return ""
    html = new.render(is_oob=True)
    return "" if old and old.render(is_oob=True) == html else html
