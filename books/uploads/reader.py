"""Reads an upload: a small one here, a larger one in a process of its own that ends with its memory."""

import io
import json
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict
from typing import IO, TypeVar

from django.conf import settings

from books.storyline import ChunkSpec, Fault, Limits, StorylineDocument, StorylineFaults
from books.storyline.chunk_list import read_chunks
from books.storyline.faults import text_fault
from books.storyline.listing import listing
from books.storyline.parse import read_text
from books.storyline.passing import unpack_chunks, unpack_document
from books.storyline.source.encoding import TextFault, decoded

from .places import Busy

Upload = bytes | str | IO[bytes]
Answer = TypeVar("Answer")

# So little takes neither much memory nor much time, whatever it holds.
_READ_HERE_BYTES = 100_000
# A busy machine gives a process its time slowly.
_PATIENCE = 6
_OUT_OF_MEMORY = 3

logger = logging.getLogger(__name__)


def limits() -> Limits:
    """Return how large an upload this installation takes."""
    return Limits(
        bytes=settings.CHAPTERFLOW_UPLOAD_BYTES,
        nodes=settings.CHAPTERFLOW_UPLOAD_NODES,
        links=settings.CHAPTERFLOW_UPLOAD_LINKS,
        references=settings.CHAPTERFLOW_UPLOAD_REFERENCES,
        words=settings.CHAPTERFLOW_UPLOAD_WORDS,
    )


def read_upload(upload: Upload, *, known_chunk_ids: Collection[str] = ()) -> StorylineDocument:
    """Return the storyline in an upload. Raises StorylineFaults with the lines around the faults, or Busy."""
    file, size = _opened(upload)
    if size > _READ_HERE_BYTES:
        return _read_apart("storyline", file, known_chunk_ids, unpack_document)
    data = file.read()
    try:
        return read_text(decoded(data, limits()), known_chunk_ids=known_chunk_ids, limits=limits())
    except TextFault as error:
        faults = [text_fault(error)]
    except StorylineFaults as error:
        faults = error.faults
    raise StorylineFaults(faults, listing(data, faults))


def read_chunk_upload(upload: Upload) -> tuple[ChunkSpec, ...]:
    """Return the chunks in an upload of chunks alone. Raises what `read_upload` raises."""
    file, size = _opened(upload)
    if size > _READ_HERE_BYTES:
        return _read_apart("chunks", file, (), unpack_chunks)
    try:
        return read_chunks(decoded(file.read(), limits()), limits())
    except TextFault as error:
        raise StorylineFaults([text_fault(error)]) from None


def _opened(upload: Upload) -> tuple[IO[bytes], int]:
    if isinstance(upload, str):
        upload = upload.encode("utf-8", "surrogatepass")
    file = io.BytesIO(upload) if isinstance(upload, bytes) else upload
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return file, size


def _read_apart(
    kind: str, file: IO[bytes], known_chunk_ids: Collection[str], unpack: Callable[[Iterator[bytes]], Answer]
) -> Answer:
    """Return what a process of its own made of the file. Raises the StorylineFaults that it found."""
    task = {
        "kind": kind,
        "limits": asdict(limits()),
        "known_chunk_ids": sorted(known_chunk_ids),
        "memory": settings.CHAPTERFLOW_UPLOAD_MEMORY,
        "seconds": settings.CHAPTERFLOW_UPLOAD_SECONDS,
    }
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(json.dumps(task).encode() + b"\n")
        shutil.copyfileobj(file, given)
        given.seek(0)
        status = _run(given, answer)
        if status != 0:
            raise StorylineFaults([_ended(status)])
        answer.seek(0)
        return unpack(answer)


def _run(given: IO[bytes], answer: IO[bytes]) -> int | None:
    """Run the reader to its end; return its exit status, None where it was ended for the time it took."""
    command = [sys.executable, "-m", "books.storyline"]
    # Nothing of the settings: what it reads comes from strangers.
    environment = {"PYTHONPATH": str(settings.BASE_DIR), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        ended = subprocess.run(  # noqa: S603  (our own command)
            command,
            stdin=given,
            stdout=answer,
            env=environment,
            cwd=settings.BASE_DIR,
            timeout=_PATIENCE * settings.CHAPTERFLOW_UPLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    except OSError as error:
        logger.exception("no process could be started to read an upload")
        raise Busy(
            "uploads_busy", "The server has no room to read an upload now. Try again later."
        ) from error
    return ended.returncode


def _ended(status: int | None) -> Fault:
    logger.warning("the reading of an upload was ended: %s", status)
    if status is None or status < 0:
        needed = f"more than {settings.CHAPTERFLOW_UPLOAD_SECONDS} seconds of work"
    elif status == _OUT_OF_MEMORY:
        needed = f"more than {settings.CHAPTERFLOW_UPLOAD_MEMORY / 1_000_000:,.0f} MB of memory"
    else:
        sentence = "Something in this file stopped the reading of it. Nothing was stored."
        return Fault("", f"{sentence} Check it against the template.", None, "not_readable")
    sentence = f"Reading this file takes {needed}, which one upload is not given."
    return Fault("", f"{sentence} Split the storyline into several books.", None, "too_large")
