"""What a person should know of an upload that was taken: what of it was not read, or read otherwise."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Notice:
    """One thing to know: `place` names what it is about, `code` is for programs."""

    code: str
    place: str
    message: str
