"""Checks backends as they are configured here: allowed, installed, reached, answering. Touches no database."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from django.conf import settings

from chapterflow_site.core.exceptions import Invalid
from workflow.contract.agent_types import JSON, AgentError

from .llm import is_model, split_models
from .llm.check import Step, Steps, check_models
from .orchestrator import PYTHON, RULES, check_allowed, label_of, load_factory

ROLES = {
    "writer": "CHAPTERFLOW_WRITER",
    "harmonizer": "CHAPTERFLOW_HARMONIZER",
    "questioner": "CHAPTERFLOW_QUESTIONER",
}
RULES_ALONE = "Rules alone"
_NO_MODEL = Step("Model", True, "It needs no model, no key and no network: there is nothing to check.")


@dataclass(frozen=True)
class Report:
    """What was found of one backend."""

    backend: str
    label: str
    steps: Steps

    @property
    def is_well(self) -> bool:
        """Whether it can be used."""
        return all(step.is_well for step in self.steps)

    @property
    def fault(self) -> Step | None:
        """The first step that is wrong; None where none is."""
        return next((step for step in self.steps if not step.is_well), None)

    @property
    def answer(self) -> str:
        """What is told of a backend that can be used: how it answered, or why there is nothing to check."""
        told = [step for step in self.steps if step.name == "Answer"] or self.steps[-1:]
        return told[0].sentence if told else ""

    def as_json(self) -> JSON:
        """Return it as another process may read it."""
        return {"backend": self.backend, "label": self.label, "steps": [asdict(step) for step in self.steps]}


Cancelled = Callable[[], bool]


def _never() -> bool:
    return False


def check_backends(writer: str, cancelled: Cancelled = _never) -> list[Report]:
    """Check a writer that a person may choose: one report, or one for each model of a list."""
    try:
        check_allowed(writer)
    except Invalid as refusal:
        advice = "Name it in CHAPTERFLOW_WRITERS, and start ChapterFlow again."
        return [_report(writer, (Step("Allowed", False, refusal.message, advice),))]
    allowed = Step("Allowed", True, "This installation allows it.")
    if not is_model(writer):
        return [_report(writer, (allowed, _code(writer) if writer.startswith(PYTHON) else _NO_MODEL))]
    return [_report(name, (allowed, *steps)) for name, steps in _models(writer, cancelled)]


def check_role(role: str, cancelled: Cancelled = _never) -> list[Report]:
    """Check what the installation has for one of ROLES. Harmonizer and questioner need not be allowed as writers."""
    configured = getattr(settings, ROLES[role])
    if role == "writer":
        return check_backends(configured, cancelled)
    if configured == RULES:
        return [Report(RULES, RULES_ALONE, (_NO_MODEL,))]
    return [_report(name, steps) for name, steps in _models(configured, cancelled)]


def label_of_role(role: str) -> str:
    """Return how what the installation has for a role is called on pages."""
    configured = str(getattr(settings, ROLES[role]))
    return RULES_ALONE if configured == RULES else label_of(configured)


def reports_of(found: object) -> list[Report]:
    """Read reports that another process wrote. Raises ValueError where they are none."""
    try:
        assert isinstance(found, list)
        return [
            Report(each["backend"], each["label"], tuple(Step(**step) for step in each["steps"]))
            for each in found
        ]
    except (AssertionError, KeyError, TypeError) as error:
        raise ValueError("no reports") from error


def _models(names: str, cancelled: Cancelled) -> list[tuple[str, Steps]]:
    return list(check_models(split_models(names), cancelled).items())


def _report(backend: str, steps: Steps) -> Report:
    return Report(backend, label_of(backend), steps)


def _code(writer: str) -> Step:
    try:
        is_callable = callable(load_factory(writer))
    except AgentError as error:
        advice = "Install it, or put its folder on PYTHONPATH, and start ChapterFlow again."
        return Step("Code", False, "The writer’s code could not be loaded.", advice, error.message)
    if not is_callable:
        advice = "Name a function that returns a writer."
        return Step("Code", False, "What is named there cannot be called.", advice)
    return Step("Code", True, "The writer’s code was loaded. It was not asked to write.")
