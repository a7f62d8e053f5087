"""Says what the language models that help the harmonizer and the questioner have done."""

from collections.abc import Mapping
from dataclasses import dataclass

from workflow.agents.llm import split_models
from workflow.contract.failures import Failure
from workflow.contract.states import Phase
from workflow.models import AttemptOutcome, ProcessingSession

_UNKNOWN = "Something went wrong on our side; the log of the workers has the details."
_WHY: Mapping[str, str] = {
    Failure.RATE_LIMITED: "Its provider asked us to slow down.",
    Failure.PROVIDER_ERROR: "Its provider had a fault of its own.",
    Failure.TIMEOUT: "It did not answer in time.",
    Failure.STREAM_BROKEN: "Its answer broke off in the middle.",
    Failure.CONNECTION_REFUSED: "It could not be reached.",
    Failure.BAD_CREDENTIALS: "Its provider does not accept the key.",
    Failure.MODEL_NOT_FOUND: "It is not set up: its name is not known, or a package for it is missing.",
    Failure.QUOTA_EXHAUSTED: "The account with its provider is used up.",
    Failure.CONTENT_FILTERED: "Its provider refused this content.",
    Failure.CONTEXT_TOO_LONG: "It takes too little text at once.",
    Failure.OUTPUT_TOO_LONG: "Its answer grew longer than allowed.",
    Failure.BAD_OUTPUT: "Its answers could not be used.",
    Failure.BUDGET_EXCEEDED: "The limit on cost is reached.",
}
_VERDICTS = {
    "same": "A language model agrees.",
    "contradiction": "A language model sees a contradiction here.",
    "fine": "A language model sees nothing wrong here.",
}


@dataclass(frozen=True)
class ModelNote:
    """How a model has helped with a phase: `name` is the model's, `why` says why it could not answer everything."""

    name: str
    asked: int
    answered: int
    why: str = ""


def why_it_failed(code: str) -> str:
    """Return the sentence that says why a model could not help."""
    return _WHY.get(code, _UNKNOWN)


def model_note(session: ProcessingSession, phase: Phase) -> ModelNote | None:
    """Return how a model has helped with the phase the last time it was done; None where none was asked."""
    attempts = session.attempts.filter(phase=phase.value, outcome=AttemptOutcome.SUCCEEDED)
    row = attempts.order_by("-started_at").values_list("agent", "context").first()
    agent, context = row if row else ("", {})
    advice = context.get("advice") if isinstance(context, dict) else None
    if not isinstance(advice, dict):
        return None
    failure = advice.get("failure")
    why = why_it_failed(str(failure.get("code"))) if isinstance(failure, dict) else ""
    answers, asked = advice.get("answers"), advice.get("asked")
    answered = len(answers) if isinstance(answers, dict) else 0
    return ModelNote(_name(agent), asked if isinstance(asked, int) else 0, answered, why)


def _name(agent: str) -> str:
    """Return the models' names without their providers."""
    return ", ".join(name.partition(":")[2] or name for name in split_models(agent))


def verdict_in(evidence: object) -> str:
    """Return what a model said of a rule's finding, as a sentence; "" where it said nothing."""
    said = evidence.get("model") if isinstance(evidence, dict) else None
    return _VERDICTS.get(str(said.get("verdict")), "") if isinstance(said, dict) else ""
