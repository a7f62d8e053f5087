"""What books as files take of the web server: `python -m tests.benchmarks.exports [--chapters 1000]`.

Puts one written book into an installation of its own, asks for each format, then for the largest by readers who do not
read. Prints bytes, seconds, and how far the web server's memory grew at most.
"""

import argparse
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from tests.installation import ROOT, Installation

from .page_views import NAME, processor_seconds
from .tables import table

LAZY_READERS = 20
FILL = """
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from books.models import ChapterRevision
from tests.books.factories import written_book

owner = User.objects.get()
with transaction.atomic():
    version = written_book(owner, %d)
    for revision in ChapterRevision.objects.all():
        revision.markdown += "\\n\\nIt went on. " * 400
        revision.save()
client = Client()
client.force_login(owner)
print("BOOK", version.book.book_id, client.session.session_key)
"""


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--chapters", type=int, default=1_000)
    chapters = max(1, min(5_000, asked.parse_args().chapters))
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), workers=1) as site:
        book, cookie = filled(site, chapters)
        urllib.request.urlopen(f"{site.address}/help/", timeout=60).close()
        rows = [measure(site, book, cookie, format) for format in ("md", "epub", "json")]
        lazy = [ask_and_wait(site, book, cookie) for _ in range(LAZY_READERS)]
        before = most_memory(site)
        time.sleep(15)
        rows.append([f"json, {LAZY_READERS} who do not read", "", "", f"{most_memory(site) - before:.0f} MB"])
        for each in lazy:
            each.close()
    print(table((f"{chapters:,} chapters", "bytes", "seconds", "memory grew by"), rows))


def filled(site: Installation, chapters: int) -> tuple[str, str]:
    """Put the book in; return its id, and the cookie of its owner."""
    said = [
        subprocess.run(
            [sys.executable, "manage.py", "shell", *options], cwd=ROOT, env=site.environment, input=code,
            capture_output=True, text=True, timeout=600, check=True,
        ).stdout
        for options, code in (([], FILL % chapters), (["-c", NAME], ""))
    ]  # fmt: skip
    book, key = re.findall(r"BOOK (\S+) (\S+)", said[0])[0]
    return book, f"{said[1].split()[-1]}={key}"


def measure(site: Installation, book: str, cookie: str, format: str) -> list[str]:
    """Ask for the book in this format, and return what that took."""
    request = urllib.request.Request(f"{site.address}{_path(book, format)}", headers={"Cookie": cookie})
    memory, used = most_memory(site), processor_seconds(site)
    with urllib.request.urlopen(request, timeout=300) as response:
        size = len(response.read())
    used = processor_seconds(site) - used
    return [format, f"{size:,}", f"{used:.2f} s of a processor", f"{most_memory(site) - memory:.0f} MB"]


def ask_and_wait(site: Installation, book: str, cookie: str) -> socket.socket:
    """Ask for the book as JSON, and read nothing of it."""
    lazy = socket.create_connection(("127.0.0.1", site.port))
    lazy.sendall(
        f"GET {_path(book, 'json')} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\nCookie: {cookie}\r\n\r\n".encode()
    )
    return lazy


def most_memory(site: Installation) -> float:
    """Return the MB that the web server had at most so far."""
    for pid in site.processes():
        if b"web_server" in Path(f"/proc/{pid}/cmdline").read_bytes():
            status = Path(f"/proc/{pid}/status").read_text()
            return int(status.partition("VmHWM:")[2].split()[0]) / 1_000
    raise AssertionError("no web server")


def _path(book: str, format: str) -> str:
    return f"/books/{book}/v1/export/{format}/"


if __name__ == "__main__":
    main()
