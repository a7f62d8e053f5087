"""Small storylines, made without Django."""

import json
from collections.abc import Iterable, Mapping


def storyline(chapters: int, after: Mapping[int, Iterable[int]] | None = None) -> bytes:
    """Return a storyline with nodes n1, n2 … in this order; `after` names what each depends on."""
    return json.dumps(
        {
            "book": {"title": "The River"},
            "chunks": [
                {
                    "id": f"c-{n}",
                    "text": f"In the year {1930 + n} the river rose as far as step {n}.",
                    "speaker": "Emm",
                }
                for n in range(1, chapters + 1)
            ],
            "nodes": [
                {
                    "id": f"n{n}",
                    "title": f"Year {n}",
                    "centrality_score": max(0, 1 - n / 10_000),
                    "chunk_ids": [f"c-{n}"],
                    "depends_on": [f"n{m}" for m in (after or {}).get(n, ())],
                }
                for n in range(1, chapters + 1)
            ],
        }
    ).encode()
