"""Makes the pieces that a browser swaps in: each replaces the element of its id, so that twice does no harm."""

from collections.abc import Iterable, Mapping

from django.utils.safestring import SafeString

from workflow.pages.board.board import Board
from workflow.pages.board.cards import Card
from workflow.pages.board.markup import (
    BoardPart,
    BoardView,
    render_card,
    render_now,
    render_preview_piece,
    render_seq,
)


def card_pieces(cards: Iterable[Card], board_view: BoardView, *, is_news: bool) -> dict[str, str]:
    """Return the pieces of the cards by element id; with `is_news` the browser marks them as new for a moment."""
    return {
        f"chapter-{card.number}": render_card(card, board_view.view, is_oob=True, is_new=is_news)
        for card in cards
    }


def seq_piece(board: Board) -> str:
    """Return the piece that says up to which event the page shows everything."""
    return render_seq(board, is_oob=True)


def now_piece(board: Board, texts: Mapping[int, SafeString]) -> dict[str, str]:
    """Return the piece of the chapters in progress, with their texts so far by chapter number."""
    return {"lane-now": render_now(board, texts, is_oob=True)}


def preview_pieces(texts: Mapping[int, SafeString]) -> dict[str, str]:
    """Return the pieces that show the texts so far, which are given by chapter number."""
    return {f"now-{number}-preview": render_preview_piece(number, html) for number, html in texts.items()}


def changed_pieces(old: Mapping[str, BoardPart], new: Mapping[str, BoardPart]) -> dict[str, str]:
    """Return the pieces of those parts of `new` that look different in `old`; equal parts are not rendered."""
    return {name: html for name, part in new.items() if (html := _changed(old.get(name), part))}


def _changed(old: BoardPart | None, new: BoardPart) -> str:
    if old == new:
        return ""
    # Other values may make the same HTML, such as a number that is shown rounded.
    html = new.render(is_oob=True)
    return "" if old and old.render(is_oob=True) == html else html
