"""Moving a chapter of an outline: by one step, by a drop, or to the place that its number names."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST
from django_htmx.http import reswap, retarget

from books.access import is_htmx, person_of
from books.actions import move_chapter
from books.models import BookVersion, Dependencies
from books.outline.groups import GROUP, changed_ends, group_of, numbers_in, room_of
from books.outline.listing import OutlineRow, rows_of
from chapterflow_site.core.exceptions import Invalid, NotFound

from .lookup import version_or_404
from .outline import outline_page, ways_to_move

_STEPS = ("up", "down")

Rows = Sequence[OutlineRow]


@dataclass(frozen=True)
class _Move:
    """What is asked for. `direction` is up or down, or else `to` says the place; `by_number`: in the form below."""

    key: str
    direction: str = ""
    to: int | None = None
    by_number: bool = False


@login_required
@require_POST
def outline_move(request: HttpRequest, book_id: str, number: int) -> HttpResponse:
    """Move one chapter: `up` or `down` name it, or `node` (its id) or `chapter` (its number) and `to`, its place."""
    version = version_or_404(request, book_id, number)
    before = rows_of(version)
    move: _Move | None = None
    try:
        move = _asked(request, before)
        _carry_out(request, version, move)
    except Invalid as refusal:
        return _refused(request, version, refusal, before, move)
    return _moved(request, version, before, move) if is_htmx(request) else _back(version, move.key)


def _asked(request: HttpRequest, rows: Rows) -> _Move:
    """Read what is asked for. Raises Invalid where no chapter or no place is named."""
    for step in _STEPS:
        if key := _node(request, step):
            return _Move(key, direction=step)
    chapter = request.POST.get("chapter")
    place = _number(request.POST.get("to", ""))
    key = _node(request, "node") if chapter is None else _by_number(rows, _number(chapter))
    if place is None:
        raise Invalid("no_place", f"Say where the chapter should stand, by a number from 1 to {len(rows):,}.")
    return _Move(key, to=place, by_number=chapter is not None)


def _by_number(rows: Rows, number: int | None) -> str:
    if number is None or not 0 < number <= len(rows):
        raise Invalid("no_chapter", f"Name the chapter by its number, from 1 to {len(rows):,}.")
    return rows[number - 1].node_id


def _number(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _node(request: HttpRequest, field: str) -> str:
    """Return the id of the node that `field` names. Raises NotFound for a NUL, which PostgreSQL takes nowhere."""
    key = request.POST.get(field, "")
    if "\x00" in key:
        raise NotFound("unknown_chapter", "This chapter is not in the outline.")
    return key


def _carry_out(request: HttpRequest, version: BookVersion, move: _Move) -> None:
    """Raises what the action raises."""
    actor = person_of(request)
    if move.to is not None:
        move_chapter(version, move.key, actor=actor, to=move.to)
    else:
        move_chapter(version, move.key, actor=actor, direction="up" if move.direction == "up" else "down")


def _moved(request: HttpRequest, version: BookVersion, before: Rows, move: _Move) -> HttpResponse:
    """Send the rows that are shown and read differently now: of a thousand chapters a move changes a few."""
    after = rows_of(version)
    ways = ways_to_move(version, after)
    changed = [row for was, row in zip(before, after, strict=True) if was != row]
    if ways["is_grouped"]:
        shown = set(numbers_in(request.POST.getlist("group")))
        changed = [row for row in changed if group_of(row.number) in shown]
    context = {
        "version": version,
        "changed": changed,
        "changed_groups": list(changed_ends(before, after)) if len(after) > GROUP else [],
        "moved": next((row for row in after if move.by_number and row.node_id == move.key), None),
        **ways,
    }
    return render(request, "books/_outline_moved.html", context)


def _back(version: BookVersion, key: str) -> HttpResponse:
    """Lead to the chapter in its new place."""
    address = reverse("outline", args=[version.book.book_id, version.number])
    place = version.nodes.filter(key=key).values_list("place", flat=True).first()
    if place is None:
        return redirect(address)
    group = f"?group={group_of(place)}" if version.node_count > GROUP else ""
    return redirect(f"{address}{group}#chapter-{place}")


def _refused(
    request: HttpRequest, version: BookVersion, refusal: Invalid, before: Rows, move: _Move | None
) -> HttpResponse:
    room = _room(version, before, move)
    if not is_htmx(request):
        where = f" It can stand from {room[0]:,} to {room[1]:,}." if room else ""
        messages.warning(request, f"{refusal.message} It was put back.{where}")
        return redirect("outline", version.book.book_id, version.number)
    if "chapter" in request.POST:
        # Nothing on the page has moved: a word beside the form is enough.
        said = {"version": version, "refused": refusal.message, "room": room, "is_oob": True}
        return render(request, "books/_outline_said.html", said)
    page = outline_page(request, version, refusal=refusal, room=room)
    return retarget(reswap(page, "outerHTML"), "#outline")


def _room(version: BookVersion, rows: Rows, move: _Move | None) -> tuple[int, int] | None:
    """Return from where to where the chapter may stand; None where that is not what hinders."""
    place = next((row.number for row in rows if move and row.node_id == move.key), None)
    if place is None or version.dependencies != Dependencies.GRAPH:
        return None
    return room_of(rows, place)
