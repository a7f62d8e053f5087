"""The error matrix: every provider × every scenario, the code that is due, and what came of it."""

import os
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from unittest.mock import patch

from tests.workflow.agents.llm.tasks import chunk, task
from tests.workflow.agents.llm.wires import WIRES, Wire, WireServer
from workflow.agents.llm import ModelWriter, Timeouts, Watch
from workflow.agents.llm import writer as writing
from workflow.agents.llm.calls import errors
from workflow.contract.agent_types import JSON, AgentError, ChapterResult
from workflow.contract.failures import EXPLANATIONS, Failure
from workflow.engine.retry_policy import wait_before_next

# What nobody's words may repeat.
PRIVATE = "The hens sat on the roof of the mill all night and nobody slept."
SILENT = frozenset({"slow first byte", "silent stream", "stalls"})
_SILENCE = Timeouts(silence=0.15, first_text=0.15, whole=3.0)
_PATIENCE = Timeouts(silence=5.0, first_text=5.0, whole=10.0)

# (scenario, code; "" is a good chapter, seconds that the provider asks for)
SCENARIOS: tuple[tuple[str, str, float | None], ...] = (
    ("good", "", None),
    ("good, usage not reported", "", None),
    ("429 in seconds", "rate_limited", 7),
    ("429 with a date", "rate_limited", 90),
    ("429 in mid-stream", "rate_limited", None),
    ("429 quota", "quota_exhausted", None),
    ("402", "quota_exhausted", None),
    ("500", "provider_error", None),
    ("529", "provider_error", None),
    ("502 page", "provider_error", None),
    ("error in mid-stream", "provider_error", None),
    ("ended with an error", "provider_error", None),
    ("401", "bad_credentials", None),
    ("403", "bad_credentials", None),
    ("404", "model_not_found", None),
    ("slow first byte", "timeout", None),
    ("silent stream", "timeout", None),
    ("stalls", "timeout", None),
    ("cut before the answer", "stream_broken", None),
    ("cut in mid-stream", "stream_broken", None),
    ("clean end without a reason", "stream_broken", None),
    ("stopped for no reason", "stream_broken", None),
    ("garbled in mid-stream", "provider_error", None),
    ("filter before the text", "content_filtered", None),
    ("filter with text", "content_filtered", None),
    ("refusal", "content_filtered", None),
    ("cut by length", "output_too_long", None),
    ("window full", "output_too_long", None),
    ("too long", "context_too_long", None),
    ("200 with HTML", "bad_output", None),
    ("400", "bad_output", None),
    ("empty", "bad_output", None),
    ("no closing block", "bad_output", None),
    ("unknown ids", "bad_output", None),
)
# Where a provider's package makes another thing of it, and why.
OTHERWISE: Mapping[tuple[str, str], str] = {
    # Mistral has no event for an error: what it sends in the middle reads as a broken answer.
    ("mistral", "429 in mid-stream"): "provider_error",
    # Its package drops an event that cannot be read; the answer then ends without its end.
    ("anthropic", "garbled in mid-stream"): "stream_broken",
}


@dataclass(frozen=True)
class Case:
    """One cell: what is due. `code` is "" for a good chapter, `address` "" for that of the scripted server."""

    wire: Wire
    scenario: str
    code: str
    retry_after: float | None
    address: str = ""

    def __str__(self) -> str:
        return f"{self.wire.kind} {self.scenario}"


@dataclass(frozen=True)
class Outcome:
    """What came. `exception` is the class that the provider's package raised, "" where it raised none."""

    draft: ChapterResult | None
    error: AgentError | None
    exception: str
    requests: int
    seconds: float
    usage: JSON

    @property
    def code(self) -> str:
        return self.error.code.value if self.error else ""

    @property
    def wait(self) -> timedelta | None:
        """How long the queue waits before the second attempt; None where it does not try again by itself."""
        if self.error is None or not EXPLANATIONS[Failure(self.code)].passes:
            return None
        return wait_before_next(1, self.error.retry_after)


def cases() -> Iterator[Case]:
    """Yield every cell that a provider can come to."""
    for wire in WIRES.values():
        for scenario, code, retry_after in SCENARIOS:
            if wire.plays(scenario):
                yield Case(wire, scenario, OTHERWISE.get((wire.kind, scenario), code), retry_after)


def run(case: Case, server: WireServer) -> Outcome:
    """Let the case's provider write a chapter."""
    server.wire = case.wire
    server.play("good" if case.address else case.scenario)
    environment = case.wire.environment(server)
    if case.address:
        environment[case.wire.address] = f"{case.address}{case.wire.root}"
    raised: list[BaseException] = []
    used: dict[str, object] = {}

    def classify(error: BaseException, private: str = "") -> AgentError:
        raised.append(error)
        return errors.classify(error, private)

    timeouts = _SILENCE if case.scenario in SILENT else _PATIENCE
    writer = ModelWriter(case.wire.writer, Watch(note_usage=used.update), timeouts)
    before, started = len(server.seen), time.monotonic()
    draft: ChapterResult | None = None
    error: AgentError | None = None
    with patch.dict(os.environ, environment), patch.object(writing, "classify", classify):
        try:
            draft = writer.write(task(chunk(1, PRIVATE), chunk(2), chunk(3)), lambda text: None)
        except AgentError as failure:
            error = failure
    exception = re.sub(r"^_HTTP", "", type(raised[-1]).__name__) if raised else ""
    return Outcome(draft, error, exception, len(server.seen) - before, time.monotonic() - started, used)
