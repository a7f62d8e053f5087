"""What a language model said of a case: plain values that can be kept as JSON and read again."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from .types import SEVERITIES, Severity

Verdict = Literal["same", "contradiction", "fine"]
VERDICTS: tuple[Verdict, ...] = ("same", "contradiction", "fine")


@dataclass(frozen=True)
class Proposal:
    """A replacement as the model proposed it: nothing of it has been checked."""

    chapter: int
    find: str
    replace: str
    reason: str
    severity: Severity


@dataclass(frozen=True)
class Opinion:
    """The model's word on one case. `verdict` None: it was asked and said nothing."""

    verdict: Verdict | None = None
    proposal: Proposal | None = None

    def as_json(self) -> dict[str, object]:
        """Return it as plain JSON."""
        return asdict(self)


def opinion_from(kept: object) -> Opinion:
    """Read what `as_json` made; what cannot be read is no opinion."""
    if not isinstance(kept, Mapping):
        return Opinion()
    verdict = next((each for each in VERDICTS if each == kept.get("verdict")), None)
    return Opinion(verdict, _proposal_from(kept.get("proposal")))


def _proposal_from(kept: object) -> Proposal | None:
    if not isinstance(kept, Mapping):
        return None
    chapter, severity = kept.get("chapter"), kept.get("severity")
    texts = [kept.get(key) for key in ("find", "replace", "reason")]
    known = next((each for each in SEVERITIES if each == severity), None)
    if not isinstance(chapter, int) or known is None or not all(isinstance(text, str) for text in texts):
        return None
    find, replace, reason = map(str, texts)
    return Proposal(chapter, find, replace, reason, known)
