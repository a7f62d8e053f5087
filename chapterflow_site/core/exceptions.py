"""Refusals that a person may read: each has a stable `code`, a plain sentence and the HTTP status that fits it."""


class DomainError(Exception):
    """What was asked cannot be done. Each kind of door turns it into its own answer, once."""

    status = 400
    retry_after_seconds: int | None = None

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Invalid(DomainError):
    """A value is not usable."""

    status = 422


class Conflict(DomainError):
    """The thing is in a state that does not allow it."""

    status = 409


class NotFound(DomainError):
    """There is no such thing, or it is somebody else's."""

    status = 404


class TooLarge(DomainError):
    """More than the installation's limits allow."""

    status = 413


class TooSoon(DomainError):
    """It was asked for a moment ago, or too often."""

    status = 429
