"""What a person may say about a model provider."""

from django.db import transaction

from books.exceptions import Conflict
from workflow import crash_points
from workflow.clock import database_now
from workflow.engine.turns import wake_next
from workflow.models import Provider


def end_wait(provider: Provider) -> None:
    """Let chapters be begun with the provider at once, although it asked to be left alone for longer.

    Raises Conflict where it is not being left alone.
    """
    with transaction.atomic():
        waiting = Provider.objects.filter(pk=provider.pk, cooling_until__gt=database_now())
        if not waiting.update(cooling_until=None):
            raise Conflict("not_waiting", "Nobody waits for this provider.")
        crash_points.at_commit("end_wait")
    wake_next()
