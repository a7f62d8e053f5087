"""Adds up what the calls of one job used, as far as the server says so."""

from dataclasses import dataclass, field

from workflow.agents.llm.providers.prices import cost_of
from workflow.contract.agent_types import JSON
from workflow.contract.failures import Failure

CHARACTERS_PER_TOKEN = 4
# Failures of which no provider makes a bill: the request was turned away before a model saw it.
TURNED_AWAY = frozenset(
    {
        Failure.RATE_LIMITED,
        Failure.QUOTA_EXHAUSTED,
        Failure.BAD_CREDENTIALS,
        Failure.MODEL_NOT_FOUND,
        Failure.CONNECTION_REFUSED,
        Failure.CONTEXT_TOO_LONG,
    }
)


@dataclass(frozen=True)
class CallUsage:
    """The tokens of one call; None where the server reported nothing: then our own estimates count."""

    model: str
    estimated_input: int
    input: int | None = None
    output: int | None = None
    cached: int | None = None
    estimated_output: int = 0

    def as_json(self) -> JSON:
        """Return it with its cost in millionths of a dollar, None where no price is known."""
        into = self.estimated_input if self.input is None else self.input
        out = self.estimated_output if self.output is None else self.output
        return {
            "model": self.model,
            "input": self.input,
            "output": self.output,
            "cached": self.cached,
            "estimated_input": self.estimated_input,
            "estimated_output": self.estimated_output,
            "cost_micros": cost_of(self.model, into, out, self.cached or 0),
        }


def failed_call(model: str, estimated_input: int, received: int, code: Failure) -> CallUsage:
    """Return what a call that failed may be billed at, after `received` characters; nothing if it was turned away."""
    if code in TURNED_AWAY and not received:
        return CallUsage(model, 0)
    return CallUsage(model, estimated_input, estimated_output=-(-received // CHARACTERS_PER_TOKEN))


@dataclass
class TokenUsage:
    """The calls so far, in order. A call is counted when it is sent: it may be billed even if it fails."""

    calls: list[CallUsage] = field(default_factory=list)

    def begin(self, model: str, estimated_input: int) -> None:
        """Count a call before it is sent."""
        self.calls.append(CallUsage(model, estimated_input))

    def finish(self, call: CallUsage) -> None:
        """Put what the server reported in the place of the call that was begun last."""
        self.calls[-1] = call

    def as_json(self) -> JSON:
        """Return the sums; None where no call reported the number, and how many calls did not."""
        return {
            "model": self.calls[-1].model if self.calls else "",
            "requests": len(self.calls),
            "input_tokens": _sum([call.input for call in self.calls]),
            "output_tokens": _sum([call.output for call in self.calls]),
            "cached_tokens": _sum([call.cached for call in self.calls]),
            "not_reported": sum(call.input is None for call in self.calls),
            "estimated_input_tokens": sum(call.estimated_input for call in self.calls),
            "calls": [dict(call.as_json()) for call in self.calls],
        }


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
