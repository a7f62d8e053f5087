"""What uploads take of a running installation: memory of the web server with its readers, seconds, answers.

    .venv/bin/python -m tests.benchmarks.uploads_at_once [words of a file's name]

Memory is PSS, as the kernel counts it, of the web server and everything below it, looked at twenty times a second;
*at rest* is what the web server has before and, five seconds after, keeps. Stops by itself.
"""

import json
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.installation import Installation, children_of

PERSONS = 8
_MAKE_PERSONS = (
    "from django.contrib.auth.models import User;"
    f"[User.objects.create_user(f'person{{n}}') for n in range({PERSONS})]"
)


def knot() -> bytes:
    """Return 900 nodes, each depending on all others: 6.4 MB."""
    ids = [f"node{n}" for n in range(900)]
    return json.dumps(
        [{"id": own, "depends_on": [each for each in ids if each != own]} for own in ids]
    ).encode()


def largest() -> bytes:
    """Return a storyline without a fault, near the limits: 4.9 million words, 4,000 nodes, 100,000 mentions."""
    words = " ".join(f"word{n % 997}" for n in range(9_800))
    chunks = [{"id": f"c{n}", "text": f"{n} {words}"} for n in range(500)]
    nodes = [{"id": f"n{n}", "chunk_ids": [f"c{(n * 7 + m) % 500}" for m in range(25)]} for n in range(4_000)]
    return json.dumps({"chunks": chunks, "nodes": nodes}).encode()


class Watch:
    """Looks at the memory of a process and all below it while it is entered."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.most = 0.0
        self.most_alone = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.05):
            alone = pss(self.pid)
            self.most_alone = max(self.most_alone, alone)
            self.most = max(self.most, alone + sum(map(pss, _below(self.pid))))


def pss(pid: int) -> float:
    """Return the process's share of memory in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000


def processor_seconds(pid: int) -> float:
    """Return the processor seconds of a process and of its children that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / 100


def _below(pid: int) -> list[int]:
    found = children_of(pid)
    for each in found:
        found += children_of(each)
    return found


def web_server(site: Installation) -> int:
    """Return the process that answers requests."""
    wanted = str(site.port)
    for pid in site.processes()[1:]:
        if wanted in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
            return pid
    raise AssertionError("no process names the port")


def post(site: Installation, token: str, path: str, body: bytes) -> tuple[int, dict[str, object]]:
    """Post JSON; return status and answer."""
    request = urllib.request.Request(
        f"{site.address}/api{path}", data=body, method="POST",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=300) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def measured(
    site: Installation, name: str, uploads: Sequence[Callable[[], tuple[int, dict[str, object]]]]
) -> None:
    """Do all at once; print a row."""
    pid = web_server(site)
    before, used, begin = pss(pid), processor_seconds(pid), time.monotonic()
    with Watch(pid) as watch, ThreadPoolExecutor(len(uploads)) as pool:
        answers = list(pool.map(lambda upload: upload(), uploads))
    seconds, used = time.monotonic() - begin, processor_seconds(pid) - used
    time.sleep(5)
    said = Counter(
        (status, str(answer.get("detail", answer.get("code", "")))[:90]) for status, answer in answers
    )
    counted = "; ".join(f"{count} × {status} {text}" for (status, text), count in said.items())
    row = f"{before:.0f} | {watch.most:.0f} | {watch.most_alone:.0f} | {pss(pid):.0f} | {seconds:.1f} | {used:.1f}"
    print(f"| {name} | {row} | {counted} |", flush=True)


def main() -> None:
    """Run and print."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder)) as site:
        site.command("shell", "-c", _MAKE_PERSONS)
        tokens = [site.command("create_token", f"person{n}") for n in range(PERSONS)]
        books = [post(site, token, "/books", b'{"title": "The River"}')[1]["book_id"] for token in tokens]
        paths = [f"/books/{book}/storyline" for book in books]
        print(
            "| uploads | at rest MB | peak MB | of it web server | kept MB | seconds | processor s | answers |"
        )
        print("|---|---|---|---|---|---|---|---|")
        bodies = {"900 nodes, each after all others": knot(), "the largest without a fault": largest()}
        for name, body in bodies.items():
            if wanted not in name:
                continue
            one = [lambda body=body: post(site, tokens[0], paths[0], body)]
            measured(site, name, one)
            measured(site, f"{name}, 8 at once by one", one * PERSONS)
            persons = [
                lambda token=token, path=path, body=body: post(site, token, path, body)
                for token, path in zip(tokens, paths, strict=True)
            ]
            measured(site, f"{name}, by 8 persons at once", persons)
            measured(site, f"{name}, once more", one)


if __name__ == "__main__":
    main()
