"""Changing the outline before the start: the order of the chapters, what depends on what, the preferences.

Who speaks can be said at any time: a recording's speakers are often known only when somebody reads the book.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F

from books.models import BookVersion, Dependencies, StorylineNode
from books.outline.listing import dependencies_by_key
from books.speakers import checked_names
from books.storyline.elements.preferences import checked_preferences
from books.storyline.values.order import OrderConflict, order_conflicts, writing_order
from chapterflow_site.core import crash_points
from chapterflow_site.core.exceptions import Conflict, Invalid, NotFound

Direction = Literal["up", "down"]

_BATCH = 300
_NAMED_CONFLICTS = 3


@crash_points.named_commit("edit_outline")
def edit_outline(
    version: BookVersion,
    *,
    actor: AbstractBaseUser | None,
    dependencies: str | None = None,
    order: Sequence[str] | None = None,
    preferences: Mapping[str, object] | None = None,
    speaker_names: Mapping[str, str] | None = None,
) -> BookVersion:
    """Change what is given of a version's outline; what is None stays.

    `order` lists the ids of all nodes. Switching to *graph* keeps an order that is possible there and sorts
    any other anew. `preferences` are the version's own, all of them; `speaker_names` all answers to who
    hides behind labels like SPEAKER_00, which alone may change once the version is started. Raises Conflict
    for all else then, Invalid for an order that is not a permutation or breaks a dependency.
    """
    _lock(version, may_be_started=(dependencies, order, preferences) == (None, None, None))
    if dependencies is not None:
        _set_dependencies(version, dependencies)
    if order is not None:
        _set_order(version, order)
    elif dependencies == Dependencies.GRAPH:
        _sort_if_needed(version)
    if preferences is not None:
        version.preferences = checked_preferences(preferences)
        version.save(update_fields=["preferences"])
    if speaker_names is not None:
        version.speaker_names = checked_names(speaker_names)
        version.save(update_fields=["speaker_names"])
    return version


@crash_points.named_commit("move_chapter")
def move_chapter(
    version: BookVersion,
    node_key: str,
    *,
    actor: AbstractBaseUser | None,
    direction: Direction | None = None,
    to: int | None = None,
) -> BookVersion:
    """Move a chapter one place `up` or `down`, or to the place `to` (from 1; beyond the ends means the end).

    Raises NotFound for an unknown chapter, and what `edit_outline` raises.
    """
    _lock(version)
    node = StorylineNode.objects.filter(version=version, key=node_key).first()
    if node is None:
        raise NotFound("unknown_chapter", "This chapter is not in the outline.")
    target = to if to is not None else node.place + (-1 if direction == "up" else 1)
    target = min(max(target, 1), version.node_count)
    if target != node.place:
        _check_move(version, node, target)
        _shift(version, node, target)
    return version


def _lock(version: BookVersion, *, may_be_started: bool = False) -> None:
    """Lock the version's row and read it anew into `version`."""
    version.refresh_from_db(from_queryset=BookVersion.objects.select_for_update())
    if version.is_started and not may_be_started:
        raise Conflict("already_started", "Writing has started, so the outline can no longer be changed.")


def _set_dependencies(version: BookVersion, dependencies: str) -> None:
    if dependencies not in Dependencies.values:
        raise Invalid("unknown_dependencies", "Chapters depend on each other “sequential” or “graph”.")
    version.dependencies = dependencies
    version.save(update_fields=["dependencies"])


def _set_order(version: BookVersion, order: Sequence[str]) -> None:
    present = set(StorylineNode.objects.filter(version=version).values_list("key", flat=True))
    if len(order) != len(present) or set(order) != present:
        raise Invalid(
            "order_is_no_permutation", "The order must name each chapter of the outline exactly once."
        )
    _check_order(version, order)
    _store_order(version, order)


def _check_order(version: BookVersion, order: Sequence[str]) -> None:
    if version.dependencies == Dependencies.GRAPH:
        conflicts = order_conflicts(order, dependencies_by_key(version))
        if conflicts:
            raise Invalid("order_breaks_dependencies", _conflict_sentence(version, conflicts))


def _conflict_sentence(version: BookVersion, conflicts: Sequence[OrderConflict]) -> str:
    """Return a sentence that names the first chapter in the wrong place and those that it depends on."""
    moved = conflicts[0]
    after = [conflict for conflict in conflicts if conflict.node_id == moved.node_id][:_NAMED_CONFLICTS]
    keys = [moved.node_id, *(conflict.depends_on for conflict in after)]
    titles = dict(StorylineNode.objects.filter(version=version, key__in=keys).values_list("key", "title"))
    needed = " and ".join(f"“{titles[conflict.depends_on]}”" for conflict in after)
    return f"“{titles[moved.node_id]}” would come before {needed}, on which it depends."


def _sort_if_needed(version: BookVersion) -> None:
    """Keep the order where it is possible; else sort by centrality, with ties in the present order."""
    dependencies = dependencies_by_key(version)
    order = list(dependencies)
    if not order_conflicts(order, dependencies):
        return
    nodes = StorylineNode.objects.filter(version=version)
    scores: dict[str, float | None] = dict(nodes.values_list("key", "centrality_score"))
    _store_order(version, writing_order(order, scores, dependencies))


def _store_order(version: BookVersion, order: Sequence[str]) -> None:
    nodes = {node.key: node for node in StorylineNode.objects.filter(version=version).only("key", "place")}
    moved = []
    for place, key in enumerate(order, start=1):
        if nodes[key].place != place:
            nodes[key].place = place
            moved.append(nodes[key])
    StorylineNode.objects.bulk_update(moved, ["place"], batch_size=_BATCH)


def _check_move(version: BookVersion, node: StorylineNode, target: int) -> None:
    if version.dependencies == Dependencies.GRAPH:
        order = list(
            StorylineNode.objects.filter(version=version).order_by("place").values_list("key", flat=True)
        )
        order.insert(target - 1, order.pop(node.place - 1))
        _check_order(version, order)


def _shift(version: BookVersion, node: StorylineNode, target: int) -> None:
    """Move one chapter and those between by one place, in two statements however many they are."""
    others = StorylineNode.objects.filter(version=version)
    if target < node.place:
        others.filter(place__gte=target, place__lt=node.place).update(place=F("place") + 1)
    else:
        others.filter(place__gt=node.place, place__lte=target).update(place=F("place") - 1)
    StorylineNode.objects.filter(pk=node.pk).update(place=target)
