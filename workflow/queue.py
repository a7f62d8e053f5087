"""The only module that imports django_q: wakes sessions through its queue and listens to its hooks."""


def connect_hooks() -> None:
    """Listen for new worker processes."""
