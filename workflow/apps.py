"""Registers the workflow app."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """The process: sessions, workflow items, agents, the live board."""

    name = "workflow"

    def ready(self) -> None:
        """Connect the hooks that must be in place before a worker or a request starts."""
        from books import forecasts
        from books.writers import register_check
        from workflow import queue
        from workflow.agents.llm.forecast import forecast
        from workflow.agents.orchestrator import check_allowed

        queue.connect_hooks()
        register_check(check_allowed)
        forecasts.register(forecast)
