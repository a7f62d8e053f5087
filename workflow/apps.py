"""Registers the workflow app."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """The process: sessions, workflow items, agents, the live board."""

    name = "workflow"

    def ready(self) -> None:
        """Connect the hooks that must be in place before a worker or a request starts."""
        from books import forecasts
        from books.writers import register_check

        from . import queue, transitions
        from .agents.llm.forecast import forecast
        from .agents.orchestrator import check_allowed
        from .notify import local

        transitions.wake_by(queue.enqueue_advance)
        transitions.on_committed(
            lambda session_id, events: local.send_events(str(session_id), events[-1].seq)
        )
        queue.connect_hooks(_recover_dead_workers)
        register_check(check_allowed)
        forecasts.register(forecast)


def _recover_dead_workers() -> None:
    from . import tasks

    tasks.recover_dead_workers()
