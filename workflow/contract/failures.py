"""The closed vocabulary of failures: whether each can pass by itself, and what to tell the person."""

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """Why an attempt failed."""

    RATE_LIMITED = "rate_limited"
    PROVIDER_ERROR = "provider_error"
    TIMEOUT = "timeout"
    STREAM_BROKEN = "stream_broken"
    CONNECTION_REFUSED = "connection_refused"
    BAD_CREDENTIALS = "bad_credentials"
    MODEL_NOT_FOUND = "model_not_found"
    QUOTA_EXHAUSTED = "quota_exhausted"
    CONTENT_FILTERED = "content_filtered"
    CONTEXT_TOO_LONG = "context_too_long"
    OUTPUT_TOO_LONG = "output_too_long"
    BAD_OUTPUT = "bad_output"
    BUDGET_EXCEEDED = "budget_exceeded"
    WRITER_ERROR = "writer_error"
    WRITER_UNAVAILABLE = "writer_unavailable"
    WORKER_LOST = "worker_lost"
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True)
class Explanation:
    """What a person is told. `passes` is whether it can pass by itself.

    `advice` says what is true and what to do once nothing more is tried by itself.
    """

    passes: bool
    heading: str
    advice: str


EXPLANATIONS: dict[Failure, Explanation] = {
    Failure.RATE_LIMITED: Explanation(
        True,
        "The provider asked us to slow down",
        "It did so for 15 minutes, so nothing more is tried by itself. Retry later, or choose another writer.",
    ),
    Failure.PROVIDER_ERROR: Explanation(
        True, "The provider had a fault of its own", "Retry when the provider is well again."
    ),
    Failure.TIMEOUT: Explanation(
        True,
        "The writer did not answer in time",
        "Retry when the provider is well again, or choose another writer.",
    ),
    Failure.STREAM_BROKEN: Explanation(
        True,
        "The answer broke off in the middle",
        "Nothing was kept. Retry to write the chapter from the start.",
    ),
    Failure.CONNECTION_REFUSED: Explanation(
        True,
        "The writer could not be reached",
        "Check that it runs and that its address is right, then retry.",
    ),
    Failure.BAD_CREDENTIALS: Explanation(
        False,
        "The provider does not accept the key",
        "Choose another writer, or put a valid key in the settings and then retry.",
    ),
    Failure.MODEL_NOT_FOUND: Explanation(
        False, "The provider has no model of this name", "Choose another writer, then retry."
    ),
    Failure.QUOTA_EXHAUSTED: Explanation(
        False, "The account with the provider is used up", "Top it up or choose another writer, then retry."
    ),
    Failure.CONTENT_FILTERED: Explanation(
        False,
        "The provider refused this content",
        "Write this chapter from selected quotations, or choose another writer.",
    ),
    Failure.CONTEXT_TOO_LONG: Explanation(
        False,
        "The passages are too long for this model",
        "Split the node, or choose a model that takes more.",
    ),
    Failure.OUTPUT_TOO_LONG: Explanation(
        True,
        "The chapter grew longer than allowed",
        "Retry, ask for shorter chapters in the preferences, or choose a model that thinks less first.",
    ),
    Failure.BAD_OUTPUT: Explanation(
        True,
        "The answer could not be used",
        "It was thrown away. Retry to ask again; Details says what was wrong with it.",
    ),
    Failure.BUDGET_EXCEEDED: Explanation(
        False, "The budget is reached", "Raise it on the board; the writing goes on from there."
    ),
    Failure.WRITER_ERROR: Explanation(
        True,
        "Your own writer broke off with an error",
        "Details says which. Mend the writer and start ChapterFlow again, or choose another writer, then retry.",
    ),
    Failure.WRITER_UNAVAILABLE: Explanation(
        False, "This writer cannot be used here", "Details says why. Choose another writer, then retry."
    ),
    Failure.WORKER_LOST: Explanation(
        True,
        "The worker stopped in the middle",
        "That happened three times, so nothing more is tried by itself. Retry; if it comes back, the log of the "
        "workers has the details.",
    ),
    Failure.CANCELLED: Explanation(
        False, "The session was cancelled", "Start the session again to go on with this chapter."
    ),
    Failure.INTERNAL_ERROR: Explanation(
        True,
        "Something went wrong on our side",
        "Retry. If it comes back, the log of the workers has the details.",
    ),
}


def explain(code: str) -> Explanation:
    """Return what to tell a person about `code`; an unknown code reads as an internal error."""
    try:
        return EXPLANATIONS[Failure(code)]
    except ValueError:
        return EXPLANATIONS[Failure.INTERNAL_ERROR]
