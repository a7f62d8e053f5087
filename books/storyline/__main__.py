"""Reads one upload in a process of its own, whose memory and time are bounded: `python -m books.storyline`.

Standard input is a line of JSON (what to read, and the limits) and then the upload; standard output gets what
`passing` packs. Exit status 3: it took more memory than is allowed.
"""

import json
import resource
import sys
from collections.abc import Mapping
from typing import cast

from .chunk_list import read_chunks
from .encoding import TextFault, decoded
from .faults import StorylineFaults, text_fault
from .limits import Limits
from .listing import listing
from .parse import read_text
from .passing import pack_chunks, pack_document, pack_faults

OUT_OF_MEMORY = 3


def main() -> int:
    """Read the upload. Returns the exit status."""
    task = cast(Mapping[str, object], json.loads(sys.stdin.buffer.readline()))
    _bound(cast(int, task["memory"]), cast(int, task["seconds"]))
    start = sys.stdin.buffer.tell()
    try:
        answer = _answer(task)
    except StorylineFaults as error:
        sys.stdin.buffer.seek(start)
        answer = pack_faults(_with_lines(error))
    except MemoryError:
        return OUT_OF_MEMORY
    sys.stdout.buffer.write(answer)
    return 0


def _bound(memory: int, seconds: int) -> None:
    """Bound what this process may take; the kernel ends it where it takes more time."""
    _lower(resource.RLIMIT_DATA, memory)
    _lower(resource.RLIMIT_CPU, seconds)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard == resource.RLIM_INFINITY or most < hard:
        resource.setrlimit(kind, (most, most))


def _answer(task: Mapping[str, object]) -> bytes:
    limits = Limits(**cast(dict[str, int], task["limits"]))
    try:
        # Nothing else may hold the bytes: from here on there is only the text.
        text = decoded(sys.stdin.buffer.read(), limits)
        if task["kind"] == "chunks":
            return pack_chunks(read_chunks(text, limits))
        known = cast(list[str], task["known_chunk_ids"])
        return pack_document(read_text(text, known_chunk_ids=known, limits=limits))
    except TextFault as error:
        raise StorylineFaults([text_fault(error)]) from None


def _with_lines(error: StorylineFaults) -> StorylineFaults:
    try:
        return StorylineFaults(error.faults, listing(sys.stdin.buffer.read(), error.faults))
    except MemoryError:
        return error


if __name__ == "__main__":
    sys.exit(main())
