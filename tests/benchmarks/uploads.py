"""What reading takes of each upload that is made to hurt: seconds of processor, megabytes of memory, the verdict.

    .venv/bin/python -m tests.benchmarks.uploads [words of a shape's name]

The reader is the process that the web server starts, with the settings' limits. Processor seconds and memory hold on
a busy machine too; files are made one at a time, in processes of their own.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from typing import IO

from books.storyline.limits import Limits

from .upload_shapes import SHAPES

MEMORY = 270_000_000
SECONDS = 10


def read_apart(given: IO[bytes]) -> tuple[int, float, float, str]:
    """Return the reader's exit status, its processor seconds, its peak in MB, and what it said."""
    with tempfile.TemporaryFile() as answer:
        reader = subprocess.Popen([sys.executable, "-m", "books.storyline"], stdin=given, stdout=answer)
        _, status, used = os.wait4(reader.pid, 0)
        reader.returncode = os.waitstatus_to_exitcode(status)
        answer.seek(0)
        said = answer.read(400).decode(errors="replace")
    return reader.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000, said


def verdict(status: int, said: str) -> str:
    """Return what became of the upload, in few words."""
    if status:
        return f"ended: {status}"
    if said.startswith('{"faults"'):
        return "refused: " + said.split('"message":"')[1].split('","')[0][:90]
    return "taken"


def main() -> None:
    """Read each and print."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    task = {"kind": "storyline", "limits": asdict(Limits()), "known_chunk_ids": []}
    head = json.dumps(task | {"memory": MEMORY, "seconds": SECONDS}).encode() + b"\n"
    print("| upload | MB | processor s | peak MB | verdict |\n|---|---|---|---|---|")
    for name in SHAPES:
        if wanted not in name:
            continue
        with tempfile.TemporaryFile() as given:
            given.write(head)
            given.flush()
            # A child's peak begins at its parent's: this process must stay small.
            make = "import sys; from tests.benchmarks.upload_shapes import SHAPES;"
            make += " sys.stdout.buffer.write(SHAPES[sys.argv[1]]())"
            subprocess.run([sys.executable, "-c", make, name], stdout=given, check=True)
            size = (given.seek(0, os.SEEK_END) - len(head)) / 1_000_000
            given.seek(0)
            status, seconds, peak, said = read_apart(given)
        print(f"| {name} | {size:.1f} | {seconds:.2f} | {peak:.0f} | {verdict(status, said)} |", flush=True)


if __name__ == "__main__":
    main()
