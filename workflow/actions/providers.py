"""What a person may say about a model provider."""

from chapterflow_site.core import crash_points
from chapterflow_site.core.clock import database_now
from chapterflow_site.core.exceptions import Conflict
from workflow.engine.slots.slot_queue import wake_next
from workflow.models import Provider


def end_wait(provider: Provider) -> None:
    """Let chapters be begun with the provider at once, although it asked to be left alone for longer.

    Raises Conflict where it is not being left alone.
    """
    waiting = Provider.objects.filter(pk=provider.pk, cooling_until__gt=database_now())
    with crash_points.around("end_wait"):
        has_ended = waiting.update(cooling_until=None)
    if not has_ended:
        raise Conflict("not_waiting", "Nobody waits for this provider.")
    wake_next()
