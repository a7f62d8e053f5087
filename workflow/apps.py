"""Registers the workflow app."""

from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """The process: sessions, workflow items, agents, the live board."""

    name = "workflow"

    def ready(self) -> None:
        """Connect the hooks that must be in place before a worker or a request starts."""
        from books import forecasts
        from workflow import queue
        from workflow.agents.llm.forecast import forecast

        queue.connect_hooks()
        forecasts.register(forecast)
