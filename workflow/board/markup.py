"""Turns the board's values into the pieces of HTML that pages are made of and live updates carry."""

from collections import defaultdict
from functools import cache, lru_cache
from typing import NamedTuple

from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from chapterflow_site.templatetags.interface import icon

from . import summary
from .board import Board, Group
from .cards import Card, Look
from .tabs import Waiting, tabs_of

DETAILED, COMPACT = "detailed", "compact"
CACHED_CARDS = 10_000
COLUMNS, STEP = 10, 11

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


def render_leaf(card: Card) -> SafeString:
    """Render the chapter's leaf of the fore-edge."""
    return format_html(
        '<li id="leaf-{}"><a id="leaf-{}-link" href="#chapter-{}" data-status="{}"{}>'
        '<span class="vh">{}. {}: {}</span></a></li>',
        card.number,
        card.number,
        card.number,
        card.look.value,
        mark_safe(' tabindex="-1"') if card.number > 1 else "",
        card.number,
        card.title,
        card.look.word,
    )


def render_tile(group: Group) -> SafeString:
    """Render the tile of fifty chapters: one path for each status that occurs."""
    paths: dict[tuple[Look, bool], list[str]] = defaultdict(list)
    for place, card in enumerate(group.cards):
        row, column = divmod(place, COLUMNS)
        for is_line, shape in _SHAPES[card.look]:
            paths[card.look, is_line].append(f"M{column * STEP} {row * STEP}{shape}")
    drawn = "".join(
        f'<path class="cell{" cell--line" if is_line else ""}" data-status="{look}" d="{"".join(pieces)}"/>'
        for (look, is_line), pieces in paths.items()
    )
    return format_html(
        '<li id="tile-{}"><a id="tile-{}-link" href="#chapter-{}">'
        '<svg viewBox="0 0 109 54" aria-hidden="true">{}</svg>{}–{}<span class="vh">: {}</span></a></li>',
        group.number,
        group.number,
        group.cards[0].number,
        mark_safe(drawn),  # noqa: S308  (made of numbers and statuses only)
        f"{group.cards[0].number:,}",
        f"{group.cards[-1].number:,}",
        summary.in_words(group.counts),
    )


def render_group_summary(group: Group) -> SafeString:
    """Render what stands on a closed group of fifty."""
    return _template("workflow/_group_summary.html", group=group)


def render_parts(board: Board, lens: Lens, waiting: Waiting) -> dict[str, SafeString]:
    """Render everything but the chapters, by the id of its element."""
    parts = _top(board, lens)
    session = board.session
    parts["board-activity"] = _template("workflow/_activity.html", board=board, entries=board.entries[::-1])
    parts["board-facts"] = _template("workflow/_facts.html", session=session, facts=summary.facts(board))
    tabs = tabs_of(session.version, session, waiting)
    parts["book-tabs"] = _template("workflow/_tabs.html", tabs=tabs, tab="board")
    if not board.is_large:
        return parts | {f"leaf-{card.number}": render_leaf(card) for card in board.cards.values()}
    return parts | _large(board, lens)


def render_seq(board: Board) -> SafeString:
    """Render the mark that says up to which event a page shows everything."""
    return format_html(
        '<span id="board-seq" data-seq="{}" data-title="{}" hidden></span>',
        board.seq,
        summary.page_title(board.session),
    )


def _top(board: Board, lens: Lens) -> dict[str, SafeString]:
    session = board.session
    can = summary.actions(session)
    return {
        "board-stages": _template(
            "workflow/_stages.html", stages=summary.stages(session), can=can, session=session
        ),
        "board-state": _template(
            "workflow/_state.html", state=summary.state(session), can=can, session=session
        ),
        "board-count": format_html(
            '<p class="figure-line" id="board-count" role="status">{}</p>', summary.progress_line(session)
        ),
        "board-time": format_html('<p class="quiet" id="board-time">{}</p>', summary.time_line(board)),
        "board-trouble": format_html(
            '<p class="quiet push" id="board-trouble">{}</p>', summary.trouble_line(board)
        ),
        "board-filter": _template("workflow/_filter.html", chips=summary.chips(board, lens.show), lens=lens),
    }


def _large(board: Board, lens: Lens) -> dict[str, SafeString]:
    running, failed = board.first(Look.IN_PROGRESS), board.first(Look.FAILED)
    parts = {
        "board-progress": _template("workflow/_progress.html", session=board.session),
        "board-jumps": _template("workflow/_jumps.html", running=running, failed=failed),
    }
    parts |= {f"tile-{group.number}": render_tile(group) for group in board.groups}
    if lens.view == COMPACT:
        parts |= {f"group-{group.number}-summary": render_group_summary(group) for group in board.groups}
    return parts


def _template(name: str, **context: object) -> SafeString:
    return SafeString(get_template(name).render(context))
