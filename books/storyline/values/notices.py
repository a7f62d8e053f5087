"""What a person should know of an upload that was taken: what of it was not read, or read otherwise."""

from dataclasses import dataclass

# The code of what was read under another name; every other notice is of what was not read.
READ_AS = "read_as"


@dataclass(frozen=True)
class Notice:
    """One thing to know: `place` names what it is about, `code` is for programs."""

    code: str
    place: str
    message: str
