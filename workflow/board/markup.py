"""Turns the board's values into the pieces of HTML that pages are made of and live updates carry."""

import re
from collections import defaultdict
from collections.abc import Hashable, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from chapterflow_site.templatetags.interface import icon

from . import summary
from .activity import Entry
from .board import Board, count_looks
from .cards import Card, Look
from .lane import SHOWN_AT_MOST, needs_you, written_now
from .progress import progress_line
from .signal import page_title, signal_of
from .tabs import Waiting, tabs_of
from .usage import raising, usage_of

DETAILED, COMPACT = "detailed", "compact"
CACHED_CARDS = 10_000
CACHED_PIECES = 5_000
COLUMNS, STEP = 10, 11
# A text from outside holds neither sign as it is, and so is left as it is.
_BETWEEN = re.compile(r">\s*\n\s*<")

# Shapes in a square of ten: the status shows in the shape as well as in the colour. (line?, path from the corner)
_SQUARE = "m1.5 1.5h7v7h-7z"
_SHAPES: dict[Look, tuple[tuple[bool, str], ...]] = {
    Look.IN_PROGRESS: ((True, _SQUARE), (False, "m1.5 5h7v3.5h-7z")),
    Look.RETRY: ((True, "m1 2.2h8m-8 2.8h8m-8 2.8h8"),),
    Look.FAILED: ((True, "m1.5 1.5l7 7m0 -7l-7 7"),),
    Look.BLOCKED: ((True, f"{_SQUARE}m0 7l7 -7"),),
    Look.PENDING: ((False, "m3.8 3.8h2.4v2.4h-2.4z"),),
    Look.GENERATED: ((False, "m1 1h8v8h-8z"),),
    Look.HARMONIZED: ((False, "m1 1h3.4v8h-3.4zm4.6 0h3.4v8h-3.4z"),),
    Look.COMPLETED: ((False, "m0 0h10v10h-10z"),),
}


class Lens(NamedTuple):
    """How somebody looks at a board: `view` is detailed or compact, `show` the chosen filter or ""."""

    view: str
    show: str = ""

    @classmethod
    def of(cls, view: str, show: str, chapters: int) -> "Lens":
        """Return the lens that is asked for; unknown words mean the default: compact above fifty chapters."""
        default = COMPACT if chapters > 50 else DETAILED
        known = show in {look.value for look in Look}
        return cls(view if view in {DETAILED, COMPACT} else default, show if known else "")


@lru_cache(maxsize=CACHED_CARDS)
def render_card(card: Card, view: str) -> SafeString:
    """Render a card, or in the compact view a row. The same card is rendered once."""
    name = "workflow/_row.html" if view == COMPACT else "workflow/_card.html"
    return _template(name, card=card, status=status_mark(card.look))


@cache
def status_mark(look: Look) -> SafeString:
    """Return the icon and the word of a status."""
    return format_html('<span class="status" data-status="{}">{}{}</span>', look.value, icon(look), look.word)


@lru_cache(maxsize=CACHED_CARDS)
def render_leaf(number: int, title: str, look: Look) -> SafeString:
    """Render a chapter's leaf of the fore-edge."""
    return format_html(
        '<li id="leaf-{}"><a id="leaf-{}-link" href="#chapter-{}" data-status="{}"{}>'
        '<span class="vh">{}. {}: {}</span></a></li>',
        number,
        number,
        number,
        look.value,
        mark_safe(' tabindex="-1"') if number > 1 else "",
        number,
        title,
        look.word,
    )


@lru_cache(maxsize=CACHED_PIECES)
def render_tile(number: int, first: int, looks: tuple[Look, ...]) -> SafeString:
    """Render the tile of up to fifty chapters from number `first` on: one path for each status that occurs."""
    paths: dict[tuple[Look, bool], list[str]] = defaultdict(list)
    for place, look in enumerate(looks):
        row, column = divmod(place, COLUMNS)
        for is_line, shape in _SHAPES[look]:
            paths[look, is_line].append(f"M{column * STEP} {row * STEP}{shape}")
    drawn = "".join(
        f'<path class="cell{" cell--line" if is_line else ""}" data-status="{look}" d="{"".join(pieces)}"/>'
        for (look, is_line), pieces in paths.items()
    )
    return format_html(
        '<li id="tile-{}"><a id="tile-{}-link" href="?chapter={}#chapter-{}">'
        '<svg viewBox="0 0 109 54" aria-hidden="true">{}</svg>{}–{}<span class="vh">: {}</span></a></li>',
        number,
        number,
        first,
        first,
        mark_safe(drawn),  # noqa: S308  (made of numbers and statuses only)
        f"{first:,}",
        f"{first + len(looks) - 1:,}",
        summary.in_words(count_looks(looks)),
    )


@lru_cache(maxsize=CACHED_PIECES)
def render_entry(entry: Entry) -> SafeString:
    """Render one line of the activity."""
    return format_html(
        '<li><time data-clock datetime="{}">{}</time><span>{}</span></li>',
        entry.moment.iso,
        entry.moment.clock,
        entry.text,
    )


def render_parts(board: Board, lens: Lens, waiting: Waiting) -> dict[str, SafeString]:
    """Render everything but the chapters, by the id of its element. What is as it was before costs next to nothing."""
    session = board.session
    lines = mark_safe("".join(render_entry(entry) for entry in reversed(board.entries)))  # noqa: S308
    tabs = tuple(tabs_of(session.version, session, waiting))
    parts = {
        **_top(board, lens),
        "board-activity": _activity(lines, board.seq, summary.address("activity", session.version)),
        "board-facts": _piece(
            "workflow/_facts.html",
            facts=tuple(summary.facts(board)),
            started=session.created_at,
            ended=session.finished_at,
        ),
        "board-usage": _piece("workflow/_usage.html", usage=usage_of(session)),
        "book-tabs": _piece("workflow/_tabs.html", tabs=tabs, tab="board"),
    }
    if board.is_large:
        return parts | _large(board)
    cards = board.cards.values()
    return parts | {f"leaf-{card.number}": render_leaf(card.number, card.title, card.look) for card in cards}


def render_now(board: Board, texts: Mapping[int, SafeString]) -> SafeString:
    """Render what is being written now, with the texts so far by chapter number."""
    lane = written_now(board)
    return _template(
        "workflow/_now.html",
        entries=[(card, texts.get(card.number, "")) for card in lane.cards],
        more=f"{lane.more:,}" if lane.more else "",
        more_look=(Look.IN_PROGRESS if board.counts[Look.IN_PROGRESS] > SHOWN_AT_MOST else Look.RETRY).value,
        is_large=board.is_large,
    )


def render_group(board: Board, number: int, view: str, url: str) -> SafeString:
    """Render the chapters of one group, by its number; `url` is where they come from."""
    cards = mark_safe("".join(render_card(card, view) for card in board.groups[number - 1].cards))  # noqa: S308
    return _template(
        "workflow/_group_cards.html", number=number, url=url, cards=cards, style=list_style(view)
    )


def render_unread_group(number: int, url: str, page: str) -> SafeString:
    """Render what stands in a group until it is opened; `page` shows it open to a browser without scripts."""
    return _template("workflow/_group_rows.html", number=number, url=url, page=page)


def list_style(view: str) -> str:
    """Return the class of a list of chapters."""
    return "rows" if view == COMPACT else "chapters"


def render_seq(board: Board) -> SafeString:
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
    )


def _top(board: Board, lens: Lens) -> dict[str, SafeString]:
    session = board.session
    can = summary.actions(session)
    failed = session.failed_count
    return {
        "board-signal": _piece("workflow/_signal.html", signal=signal_of(board)),
        "board-controls": _piece("workflow/_controls.html", can=can, failed_count=failed),
        "board-cancel": _piece("workflow/_cancel.html", can=can),
        "board-stages": _piece("workflow/_stages.html", stages=tuple(summary.stages(session))),
        "lane-needs": _needs(board),
        "board-state": _piece(
            "workflow/_state.html",
            state=summary.state(session),
            can=can,
            failed_count=failed,
            outdated_count=sum(bool(card.outdated) for card in board.cards.values()),
            raising=raising(session),
            error=session.questions_error,
            book_id=session.version.book.book_id,
            number=session.version.number,
        ),
        "board-count": format_html('<p class="figure-line" id="board-count">{}</p>', progress_line(session)),
        "board-time": format_html('<p class="quiet" id="board-time">{}</p>', summary.time_line(board)),
        "board-trouble": format_html(
            '<p class="quiet" id="board-trouble">{}</p>', summary.trouble_line(board)
        ),
        "board-filter": _piece(
            "workflow/_filter.html", chips=tuple(summary.chips(board, lens.show)), lens=lens
        ),
    }


def _needs(board: Board) -> SafeString:
    lane = needs_you(board)
    more = f"{lane.more:,}" if lane.more else ""
    return _piece("workflow/_needs.html", lane=lane, more=more, is_large=board.is_large)


def _large(board: Board) -> dict[str, SafeString]:
    session = board.session
    running, failed = board.first(Look.IN_PROGRESS), board.first(Look.FAILED)
    parts = {
        "board-progress": _piece(
            "workflow/_progress.html", written=session.written_count, total=session.total_chapters
        ),
        "board-jumps": _piece(
            "workflow/_jumps.html",
            running=running.number if running else None,
            failed=failed.number if failed else None,
        ),
    }
    for group in board.groups:
        looks = tuple(card.look for card in group.cards)
        parts[f"tile-{group.number}"] = render_tile(group.number, group.cards[0].number, looks)
        parts[f"group-{group.number}-summary"] = _piece(
            "workflow/_group_summary.html",
            number=group.number,
            title=group.title,
            counts=tuple(count_looks(looks)),
        )
    return parts


def _activity(lines: SafeString, seq: int, url: str) -> SafeString:
    return _template("workflow/_activity.html", lines=lines, seq=seq, url=url)


@lru_cache(maxsize=CACHED_PIECES)
def _piece(name: str, **values: Hashable) -> SafeString:
    """Render the template of a piece, once for the same values."""
    return _template(name, **values)


def _template(name: str, **values: object) -> SafeString:
    """Render a template of one element a line, without the white space between its elements."""
    return SafeString(_BETWEEN.sub("><", get_template(name).render(values)).strip())
