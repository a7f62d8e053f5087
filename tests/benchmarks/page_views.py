"""How long a page takes while many are asked for at once: `python -m tests.benchmarks.page_views [--views 100]`.

Starts an installation of its own with sixty short books and a long one, and asks for all pages in the same moment, on
loopback: light pages, heavy pages, and files of the whole long book among them. Prints percentiles for each.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from pathlib import Path

from tests.installation import ROOT, Installation

LONG = 300
FILL = """
import json
from django.contrib.auth.models import User
from django.test import Client
from books.actions import create_book, upload_storyline
from workflow.actions import start_session
from workflow.engine import advance

def nodes(count):
    return json.dumps([{"id": f"n{i}", "title": f"Year {i}", "centrality_score": 1 - i / 10000, "chunks": [
        {"id": f"c{i}", "text": f"In the year {1000 + i} the river rose. " + "It went on and on. " * 40,
         "speaker": "Emm Varnholt", "source": "Tape 3"}]} for i in range(1, count + 1)]).encode()

owner = User.objects.get()
for number in range(61):
    name = f"book-{number}" if number else "long"
    book = create_book(actor=owner, title=name, book_id=name)
    version = upload_storyline(nodes(3 if number else %d), actor=owner, book=book)
    session, _ = start_session(version, actor=owner)
    for _ in range(40 if not number else 4 if number %% 3 else 0):
        advance(session.pk)
client = Client()
client.force_login(owner)
print("COOKIE", client.session.session_key)
"""
NAME = "from django.conf import settings; print(settings.SESSION_COOKIE_NAME)"
PAGES = {
    "home": "/",
    "help": "/help/",
    "board of 3": "/books/book-1/v1/board/",
    "chapter": "/books/book-1/v1/read/1/",
    "board of 300": "/books/long/v1/board/",
    "outline of 300": "/books/long/v1/outline/",
    "review": "/books/long/v1/review/",
    "file of 300 (JSON)": "/books/long/v1/export/json/",
}


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument(
        "--views", type=int, default=100, help="how many pages are asked for at once, at most 500"
    )
    views = max(1, min(500, asked.parse_args().views))
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), workers=1) as site:
        cookie = filled(site)
        before = processor_seconds(site)
        measured = ask_all(site, cookie, views)
        spent = processor_seconds(site) - before
    every = sorted(seconds for found in measured.values() for seconds in found)
    print(
        f"{views} page views at once, {os.cpu_count()} processors; the web server used {spent:.1f} s of one"
    )
    for name, found in {**measured, "all": every}.items():
        print(f"{name:22} {line(sorted(found))}")


def filled(site: Installation) -> str:
    """Put the books in; return the cookie of somebody who is signed in."""
    run = subprocess.run(
        [sys.executable, "manage.py", "shell"], cwd=ROOT, env=site.environment, input=FILL % LONG,
        capture_output=True, text=True, timeout=600, check=True,
    )  # fmt: skip
    key = run.stdout.partition("COOKIE ")[2].split()[0]
    said = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", NAME],
        cwd=ROOT, env=site.environment, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    return f"{said.stdout.split()[-1]}={key}"


def ask_all(site: Installation, cookie: str, views: int) -> dict[str, list[float]]:
    """Ask for the pages in turn, all at once; return the seconds that each took."""
    measured: dict[str, list[float]] = defaultdict(list)
    together = threading.Barrier(views)

    def ask(name: str, path: str) -> None:
        request = urllib.request.Request(f"{site.address}{path}", headers={"Cookie": cookie})
        together.wait()
        begin = time.monotonic()
        with urllib.request.urlopen(request, timeout=300) as response:
            response.read()
        measured[name].append(time.monotonic() - begin)

    names = list(PAGES)
    threads = [
        threading.Thread(target=ask, args=(names[number % len(names)], PAGES[names[number % len(names)]]))
        for number in range(views)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return measured


def processor_seconds(site: Installation) -> float:
    """Return what the web server has used of a processor so far; it does not depend on what else runs."""
    for pid in site.processes():
        if b"web_server" in Path(f"/proc/{pid}/cmdline").read_bytes():
            used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return (int(used[11]) + int(used[12])) / os.sysconf("SC_CLK_TCK")
    raise AssertionError("no web server")


def line(seconds: list[float]) -> str:
    """Return how many there were and their percentiles."""
    most = seconds[min(len(seconds) - 1, round(0.95 * len(seconds)))]
    median = statistics.median(seconds)
    return (
        f"{len(seconds):4} views   median {median:6.2f} s   95 % {most:6.2f} s   longest {seconds[-1]:6.2f} s"
    )


if __name__ == "__main__":
    main()
