"""What is stored, or met by a running release of before, keeps its name whatever the code calls it."""

from django.conf import settings

from workflow.contract.events import EventKind
from workflow.notify import local, redis
from workflow.queue import dispatch_gate, task_names


def test_kinds_of_events_keep_their_values() -> None:
    differing = {kind.name: kind.value for kind in EventKind if kind.value != kind.name.lower()}

    assert differing == {}


def test_paths_of_tasks_that_wait_in_a_queue_keep_their_names() -> None:
    paths = (task_names.ADVANCE, task_names.TEND, task_names.HEALTH_PROBE, task_names.SCHEDULE_NAME)

    assert paths == (
        "workflow.tasks.advance_session",
        "workflow.tasks.tend",
        "workflow.tasks.sing",
        "chapterflow-tend",
    )


def test_sockets_and_channel_are_those_of_the_release_before() -> None:
    assert (local.SUFFIX, dispatch_gate.SUFFIX) == (".bell", ".door")
    assert redis.channel() == f"{settings.Q_CLUSTER['name']}:bells"
