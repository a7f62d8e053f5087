"""Reads one upload in a process of its own, whose memory and time are bounded: `python -m books.storyline`.

Standard input is a line of JSON (what to read, and the limits) and then the upload; standard output gets what
`passing` packs. Exit status 3: it took more memory than is allowed.
"""

import gc
import json
import resource
import sys
from collections.abc import Iterator, Mapping
from typing import cast

from .chunk_list import read_chunks
from .faults import Fault, StorylineFaults, text_fault
from .limits import Limits
from .listing import ListingLine, listing
from .parse import read_text
from .passing import pack_chunks, pack_document, pack_faults
from .source.encoding import TextFault, decoded

OUT_OF_MEMORY = 3


def main() -> int:
    """Read the upload. Returns the exit status."""
    task = cast(Mapping[str, object], json.loads(sys.stdin.buffer.readline()))
    _bound(cast(int, task["memory"]), cast(int, task["seconds"]))
    # It ends soon; to look for circles among millions of objects costs a fifth of its time.
    gc.disable()
    start = sys.stdin.buffer.tell()
    faults: list[Fault] = []
    try:
        sys.stdout.buffer.writelines(_answer(task))
    except StorylineFaults as error:
        faults = error.faults
    except MemoryError:
        return OUT_OF_MEMORY
    if faults:
        # Only now, as the error held all that was read.
        sys.stdin.buffer.seek(start)
        sys.stdout.buffer.writelines(pack_faults(faults, _lines(faults)))
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


def _answer(task: Mapping[str, object]) -> Iterator[bytes]:
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


def _lines(faults: list[Fault]) -> list[ListingLine]:
    try:
        return listing(sys.stdin.buffer.read(), faults)
    except MemoryError:
        return []


if __name__ == "__main__":
    sys.exit(main())
