"""Adds up what the calls of one job used, as far as the server says so."""

from dataclasses import dataclass, field

from workflow.agents.types import JSON


@dataclass(frozen=True)
class CallUsage:
    """The tokens of one call; None where the server reported nothing. `estimated_input` is our own estimate."""

    model: str
    estimated_input: int
    input: int | None = None
    output: int | None = None
    cached: int | None = None


@dataclass
class Usage:
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
            "calls": [
                {"model": call.model, "input": call.input, "output": call.output, "cached": call.cached}
                for call in self.calls
            ],
        }


def _sum(numbers: list[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
