"""Registers the workflow app."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """The process: sessions, workflow items, agents, the live board."""

    name = "workflow"

    def ready(self) -> None:
        """Connect the hooks that must be in place before a worker or a request starts."""
        from books import forecasts
        from books.writers import register_check
        from workflow import queue, transitions
        from workflow.agents.llm.forecast import forecast
        from workflow.agents.orchestrator import check_allowed
        from workflow.live import bell

        transitions.wake_by(queue.enqueue_advance)
        transitions.on_committed(lambda session_id, events: bell.ring(str(session_id), events[-1].seq))
        queue.connect_hooks(_recover_dead_workers)
        register_check(check_allowed)
        forecasts.register(forecast)


def _recover_dead_workers() -> None:
    from workflow import tasks

    tasks.recover_dead_workers()
