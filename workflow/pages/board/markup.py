"""Renders the board's values as pieces of HTML, which pages are made of and live updates carry."""

from collections import defaultdict
from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from workflow.progress.budget_panel import raising, usage_of
from workflow.progress.progress import progress_line

from . import summary
from .board import Board, count_looks
from .cards import Card, DisplayStatus
from .lane import SHOWN_AT_MOST, needs_you, written_now
from .signal import page_title, signal_of
from .tabs import WaitingCounts, tabs_of

DETAILED, COMPACT = "detailed", "compact"
CACHED_CARDS = 10_000
CACHED_PIECES = 5_000
COLUMNS, STEP = 10, 11

# Shapes in a square of ten: the status shows in the shape as well as in the colour. (line?, path from the corner)
_SQUARE = "m1.5 1.5h7v7h-7z"
_SHAPES: dict[DisplayStatus, tuple[tuple[bool, str], ...]] = {
    DisplayStatus.IN_PROGRESS: ((True, _SQUARE), (False, "m1.5 5h7v3.5h-7z")),
    DisplayStatus.RETRY: ((True, "m1 2.2h8m-8 2.8h8m-8 2.8h8"),),
    DisplayStatus.FAILED: ((True, "m1.5 1.5l7 7m0 -7l-7 7"),),
    DisplayStatus.BLOCKED: ((True, f"{_SQUARE}m0 7l7 -7"),),
    DisplayStatus.PENDING: ((False, "m3.8 3.8h2.4v2.4h-2.4z"),),
    DisplayStatus.GENERATED: ((False, "m1 1h8v8h-8z"),),
    DisplayStatus.HARMONIZED: ((False, "m1 1h3.4v8h-3.4zm4.6 0h3.4v8h-3.4z"),),
    DisplayStatus.COMPLETED: ((False, "m0 0h10v10h-10z"),),
}


class BoardView(NamedTuple):
    """How somebody looks at a board: `view` is detailed or compact, `show` the chosen filter or ""."""

    view: str
    show: str = ""

    @classmethod
    def of(cls, view: str, show: str, chapters: int) -> "BoardView":
        """Return the view that is asked for; unknown words mean the default: compact above fifty chapters."""
        default = COMPACT if chapters > 50 else DETAILED
        known = show in {look.value for look in DisplayStatus}
        return cls(view if view in {DETAILED, COMPACT} else default, show if known else "")


class BoardPart(NamedTuple):
    """A piece of a board beside its cards: its template, and by name what that is given. Equal parts look the same."""

    template: str
    values: tuple[tuple[str, Hashable], ...]

    def render(self, *, is_oob: bool = False) -> SafeString:
        """Render the part, once for the same values; `is_oob`: it is sent to a page, to replace what the page has."""
        return _rendered(self, is_oob)


class Path(NamedTuple):
    """The chapters of one status in a tile: `drawn` is what a path of SVG is made of."""

    look: DisplayStatus
    is_line: bool
    drawn: str


class Tile(NamedTuple):
    """Up to fifty chapters, from number `first` on."""

    number: int
    first: int
    looks: tuple[DisplayStatus, ...]

    @property
    def paths(self) -> list[Path]:
        """One path for each status that occurs."""
        drawn: dict[tuple[DisplayStatus, bool], list[str]] = defaultdict(list)
        for place, look in enumerate(self.looks):
            row, column = divmod(place, COLUMNS)
            for is_line, shape in _SHAPES[look]:
                drawn[look, is_line].append(f"M{column * STEP} {row * STEP}{shape}")
        return [Path(look, is_line, "".join(shapes)) for (look, is_line), shapes in drawn.items()]

    @property
    def span(self) -> str:
        """Its first and its last chapter."""
        return f"{self.first:,}–{self.first + len(self.looks) - 1:,}"

    @property
    def words(self) -> str:
        """How many chapters there are of each status."""
        return summary.in_words(count_looks(self.looks))


@lru_cache(maxsize=CACHED_CARDS)
def render_card(card: Card, view: str, *, is_oob: bool = False, is_new: bool = False) -> SafeString:
    """Render a card, or in the compact view a row. The same card is rendered once.

    `is_oob`: it is sent to a page, to replace what the page has. `is_new`: it is washed with colour for a moment.
    """
    name = "workflow/_row.html" if view == COMPACT else "workflow/_card.html"
    return _template(name, card=card, status=_status(card.look), is_oob=is_oob, is_new=is_new)


def part(template: str, **values: Hashable) -> BoardPart:
    """Return the part that is drawn by `template`, a name below workflow/, from `values`."""
    return BoardPart(f"workflow/{template}", tuple(values.items()))


def parts_of(board: Board, board_view: BoardView, waiting: WaitingCounts) -> dict[str, BoardPart]:
    """Return everything but the chapters, by the id of its element."""
    parts = {**_top(board, board_view), **_side(board, waiting)}
    if board.is_large:
        return parts | _large(board)
    return parts | {f"leaf-{card.number}": _leaf(card) for card in board.cards.values()}


def render_now(board: Board, texts: Mapping[int, SafeString], *, is_oob: bool = False) -> SafeString:
    """Render what is being written now, with the texts so far by chapter number."""
    lane = written_now(board)
    return _template(
        "workflow/_now.html",
        entries=[(card, texts.get(card.number, "")) for card in lane.cards],
        more=f"{lane.more:,}" if lane.more else "",
        more_look=(
            DisplayStatus.IN_PROGRESS
            if board.counts[DisplayStatus.IN_PROGRESS] > SHOWN_AT_MOST
            else DisplayStatus.RETRY
        ).value,
        is_large=board.is_large,
        is_oob=is_oob,
    )


def render_preview_piece(number: int, preview: SafeString) -> SafeString:
    """Render the piece that shows a chapter's text so far, above the list."""
    return _template("workflow/_preview_place.html", number=number, preview=preview, is_oob=True)


def render_group(board: Board, number: int, view: str, url: str) -> SafeString:
    """Render the chapters of one group, by its number; `url` is where they come from."""
    cards = [render_card(card, view) for card in board.groups[number - 1].cards]
    return _template(
        "workflow/_group_cards.html", number=number, url=url, cards=cards, style=list_style(view)
    )


def render_unread_group(number: int, url: str, page: str) -> SafeString:
    """Render what stands in a group until it is opened; `page` shows it open to a browser without scripts."""
    return _template("workflow/_group_rows.html", number=number, url=url, page=page)


def list_style(view: str) -> str:
    """Return the class of a list of chapters."""
    return "rows" if view == COMPACT else "chapters"


def render_seq(board: Board, *, is_oob: bool = False) -> SafeString:
    """Render the mark that says up to which event a page shows everything, with what the tab and readers are told."""
    signal = signal_of(board)
    failures = [entry.text for entry in board.entries if entry.is_failure]
    return _template(
        "workflow/_seq.html",
        seq=str(board.seq),
        session=board.session,
        failure=failures[-1] if failures else "",
        title=page_title(board.session, signal),
        signal=signal,
        is_oob=is_oob,
    )


def _top(board: Board, board_view: BoardView) -> dict[str, BoardPart]:
    session = board.session
    can = summary.actions(session)
    failed = session.failed_count
    lane = needs_you(board)
    return {
        "board-signal": part("_signal.html", signal=signal_of(board)),
        "board-controls": part("_controls.html", can=can, failed_count=failed),
        "board-cancel": part("_cancel.html", can=can),
        "board-stages": part("_stages.html", stages=tuple(summary.stages(session))),
        "lane-needs": part(
            "_needs.html",
            lane=lane,
            more=f"{lane.more:,}" if lane.more else "",
            is_large=board.is_large,
        ),
        "board-state": part(
            "_state.html",
            state=summary.state(session),
            can=can,
            failed_count=failed,
            outdated_count=sum(bool(card.outdated) for card in board.cards.values()),
            raising=raising(session),
            error=session.questions_error,
            book_id=session.version.book.book_id,
            number=session.version.number,
        ),
        "board-count": part("_count.html", words=progress_line(session)),
        "board-time": part("_line.html", id="board-time", words=summary.time_line(board)),
        "board-trouble": part("_line.html", id="board-trouble", words=summary.trouble_line(board)),
        "board-filter": part(
            "_filter.html", chips=tuple(summary.chips(board, board_view.show)), board_view=board_view
        ),
    }


def _side(board: Board, waiting: WaitingCounts) -> dict[str, BoardPart]:
    session = board.session
    return {
        "board-activity": part(
            "_activity.html",
            lines=tuple(part("_entry.html", entry=entry).render() for entry in reversed(board.entries)),
            seq=board.seq,
            url=summary.address("activity", session.version),
        ),
        "board-facts": part(
            "_facts.html",
            facts=tuple(summary.facts(board)),
            started=session.created_at,
            ended=session.finished_at,
        ),
        "board-usage": part("_usage.html", usage=usage_of(session)),
        "book-tabs": part("_tabs.html", tabs=tuple(tabs_of(session.version, session, waiting)), tab="board"),
    }


def _large(board: Board) -> dict[str, BoardPart]:
    session = board.session
    running, failed = board.first(DisplayStatus.IN_PROGRESS), board.first(DisplayStatus.FAILED)
    parts = {
        "board-progress": part("_progress.html", written=session.written_count, total=session.total_chapters),
        "board-jumps": part(
            "_jumps.html",
            running=running.number if running else None,
            failed=failed.number if failed else None,
        ),
    }
    for group in board.groups:
        looks = tuple(card.look for card in group.cards)
        number, counts = group.number, tuple(count_looks(looks))
        parts[f"tile-{number}"] = part("_tile.html", tile=Tile(number, group.cards[0].number, looks))
        parts[f"group-{number}-summary"] = part(
            "_group_summary.html", number=number, title=group.title, counts=counts
        )
    return parts


def _leaf(card: Card) -> BoardPart:
    return part("_leaf.html", number=card.number, title=card.title, look=card.look)


@cache
def _status(look: DisplayStatus) -> SafeString:
    return _template("books/_status.html", look=look, word=look.word)


@lru_cache(maxsize=CACHED_PIECES)
def _rendered(part: BoardPart, is_oob: bool) -> SafeString:
    return _template(part.template, **dict(part.values), is_oob=is_oob)


def _template(name: str, **values: object) -> SafeString:
    return render_to_string(name, values)
