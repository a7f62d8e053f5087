"""Writes a whole storyline through the API of a running installation, and prints what it took.

    .venv/bin/python -m tests.benchmarks.books FILE [--workers 2] [--mode sequential|graph]

In graph mode TEMPORAL_SEQUENCE links are added between consecutive nodes of each recording (the part of the chunk
ids before the last hyphen). Stops by itself after twenty minutes.
"""

import argparse
import json
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from tests.installation import Installation, wait_for

LONGEST_SECONDS = 1200


def with_chains(storyline: dict[str, object]) -> tuple[dict[str, object], int]:
    """Return the storyline with its recordings' nodes chained, and how many chains there are."""
    nodes = storyline["nodes"]
    assert isinstance(nodes, list)
    chains: dict[str, list[str]] = {}
    for node in nodes:
        recording = str(node["chunk_ids"][0]).rpartition("-")[0]
        chains.setdefault(recording, []).append(node["id"])
    links = [
        {"source_id": before, "target_id": after, "relationship_type": "TEMPORAL_SEQUENCE"}
        for chain in chains.values()
        for before, after in pairwise(chain)
    ]
    return {**storyline, "links": [*(storyline.get("links") or []), *links]}, len(chains)  # type: ignore[misc]


def memory(site: Installation) -> str:
    """Return the largest resident memory of any of its processes so far."""
    peaks = []
    for pid in site.processes():
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except FileNotFoundError:
            continue
        peaks += [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
    return f"{max(peaks) / 1024:.0f} MB"


def measure(site: Installation, document: dict[str, object], mode: str) -> list[tuple[str, str]]:
    """Upload, start, wait; return the rows of the table."""
    data = json.dumps(document).encode()
    book = site.call("POST", "/books", {"title": f"Benchmark, {mode}"})["book_id"]
    begin = time.monotonic()
    version = site.call("POST", f"/books/{book}/storyline", data)["version"]
    uploaded = time.monotonic() - begin
    begin = time.monotonic()
    started = site.call("POST", f"/books/{book}/versions/{version}/start", {"dependencies": mode})
    session = str(started["session_id"])
    start_took = time.monotonic() - begin
    total = len(site.statuses(session))
    waits = {"pending", "in_progress"}
    written = wait_for(lambda: not waits & set(site.statuses(session)), LONGEST_SECONDS, 0.1)
    finished = wait_for(lambda: site.status(session) in {"completed", "failed"}, LONGEST_SECONDS, 0.1)
    events = site.events(session)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    return [
        ("mode", mode),
        ("chapters", f"{total:,}"),
        ("upload → outline", f"{uploaded:.2f} s"),
        ("start", f"{start_took:.2f} s"),
        ("all written", f"{written:.1f} s ({total / written:.1f} chapters a second)"),
        ("harmonized, questioned, completed", f"{finished:.1f} s more"),
        ("ended as", site.status(session)),
        ("events", f"{len(events):,}, without a gap"),
        ("most memory of one process", memory(site)),
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--mode", choices=["sequential", "graph"], action="append")
    options = parser.parse_args()
    document = json.loads(options.file.read_text())
    with tempfile.TemporaryDirectory() as folder, Installation(Path(folder), workers=options.workers) as site:
        for mode in options.mode or ["sequential", "graph"]:
            chained, chains = with_chains(document) if mode == "graph" else (document, 1)
            for name, value in [*measure(site, chained, mode), ("chains", str(chains))]:
                print(f"{name:36} {value}")
            print()


if __name__ == "__main__":
    main()
