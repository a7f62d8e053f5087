"""The old address of `workflow.contract.agent_types`, for `python:` writers. They may use it until 1.0."""

from workflow.contract.agent_types import *  # noqa: F403
