"""Renders for each viewer whose session waits for a worker what the workers do now."""

from collections.abc import Sequence
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import Error as DatabaseError
from django.db import connection
from django.template.loader import get_template

from workflow.progress.workers import WorkersNotice, notices_for, waiting_among

from .subscription import Viewer

WORKERS_ID = "board-workers"


def workers_pieces(viewers: Sequence[Viewer]) -> list[str]:
    """Return each viewer's piece, in their order: empty where its session waits for no worker.

    One query where no session waits. Raises DatabaseError.
    """
    try:
        notices = _notices(viewers)
    except DatabaseError:
        connection.close()
        raise
    template = get_template("workflow/_workers.html")
    pieces: dict[WorkersNotice | None, str] = {}
    found = []
    for viewer in viewers:
        notice = notices.get((viewer.session_id, viewer.user_id))
        if notice not in pieces:
            pieces[notice] = template.render({"workers": notice, "is_oob": True})
        found.append(pieces[notice])
    return found


def _notices(viewers: Sequence[Viewer]) -> dict[tuple[UUID, int | None], WorkersNotice]:
    waiting = set(waiting_among({viewer.session_id for viewer in viewers}))
    by_user: dict[int | None, set[UUID]] = {}
    for viewer in viewers:
        if viewer.session_id in waiting:
            by_user.setdefault(viewer.user_id, set()).add(viewer.session_id)
    people = get_user_model().objects.in_bulk([pk for pk in by_user if pk is not None]) if by_user else {}
    return {
        (session_id, person.pk): notice
        for person in people.values()
        for session_id, notice in notices_for(by_user[person.pk], person).items()
    }
