"""Uploads that are made to hurt: each a generator of a file, small to write down and large to read."""

import codecs
import json
from collections.abc import Callable, Mapping

Shape = Callable[[], bytes]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _nodes(count: int, **keys: Callable[[int], object]) -> bytes:
    return _json([{"id": str(n), **{key: make(n) for key, make in keys.items()}} for n in range(count)])


def _chunked(texts: list[str]) -> bytes:
    chunks = [{"id": f"c{n}", "text": text} for n, text in enumerate(texts)]
    return _json({"chunks": chunks, "nodes": [{"id": "a", "chunk_ids": ["c0"]}]})


def _csv(header: str, row: Callable[[int], str], count: int) -> bytes:
    return (header + "\n" + "\n".join(row(n) for n in range(count))).encode()


SHAPES: Mapping[str, Shape] = {
    # The nine that the issue names.
    "900 nodes, each after all others": lambda: _nodes(
        900, depends_on=lambda n: [str(m) for m in range(900) if m != n]
    ),
    "a table of a million rows": lambda: _csv("id,title", lambda n: f"{n},t", 1_000_000),
    "1,000 nodes related to 700 each": lambda: _nodes(
        1000, related=lambda n: [{"id": str((n + m) % 1000)} for m in range(1, 701)]
    ),
    "half a million distinct keys, each twice": lambda: (
        b'[{"id": "a"' + b"".join(b', "k%d": 1' % (n // 2) for n in range(1_000_000)) + b"}]"
    ),
    "a million unknown chunk ids": lambda: _nodes(
        1000, chunk_ids=lambda n: [f"x{n}-{m}" for m in range(1000)]
    ),
    "4,000 nodes with 500 shared chunks": lambda: _json(
        {
            "chunks": [{"id": f"c{n}", "text": "words"} for n in range(500)],
            "nodes": [{"id": str(n), "chunk_ids": [f"c{m}" for m in range(500)]} for n in range(4000)],
        }
    ),
    "200,000 links to oneself": lambda: _json(
        {"nodes": [{"id": "a"}], "links": [{"source_id": "a", "target_id": "a"}] * 200_000}
    ),
    "a quotation mark that never closes in 40 MB": lambda: (
        b'id,title\na,"' + b"words, and more\n" * 2_500_000
    ),
    "one text of 45 MB": lambda: _chunked(["word " * 9_000_000]),
    # Others of their kind.
    "45 MB of line feeds": lambda: b"\n" * 45_000_000,
    "line feeds before a bracket": lambda: b"\n" * 45_000_000 + b"[",
    "45 MB of carriage returns": lambda: b"\r" * 45_000_000,
    "45 MB of spaces": lambda: b" " * 45_000_000,
    "lists in lists": lambda: b"[" * 20_000_000,
    "objects in objects": lambda: b'{"a":' * 5_000_000,
    "lists as deep as the parser goes": lambda: b'[{"id": "a", "x": ' + b"[" * 900 + b"]" * 900 + b"}]",
    "a number of ten million digits": lambda: b'[{"id": ' + b"1" * 10_000_000 + b"}]",
    "a fraction of ten million digits": lambda: b'[{"id": "a", "weight": 0.' + b"1" * 10_000_000 + b"}]",
    "a million huge exponents": lambda: b'[{"id": "a", "x": [' + b"1e999," * 999_990 + b"1]}]",
    "a million NaN": lambda: b'[{"id": "a", "x": [' + b"NaN," * 999_990 + b"1]}]",
    "a key of 40 MB": lambda: b'[{"id": "a", "' + b"k" * 40_000_000 + b'": 1}]',
    "an id of 40 MB": lambda: b'[{"id": "' + b"i" * 40_000_000 + b'"}]',
    "40 MB of escapes": lambda: b'[{"id": "a", "summary": "' + b"\\u0041" * 6_600_000 + b'"}]',
    "surrogates without their other half": lambda: (
        b'[{"id": "a", "summary": "' + b"\\ud800" * 6_000_000 + b'"}]'
    ),
    "NUL in a million texts": lambda: b'[{"id": "a", "x": [' + b'"\\u0000",' * 900_000 + b"1]}]",
    "45 MB of emoji": lambda: b'[{"id": "a", "summary": "' + "\U0001f600".encode() * 11_000_000 + b'"}]',
    "one emoji in 45 MB": lambda: _chunked(["word " * 180_000] * 49)[:-2] + ', "x": "\U0001f600"}'.encode(),
    "100,000 nodes of one id": lambda: _json([{"id": "a"}] * 100_000),
    "50,000 chunks of one id": lambda: _json(
        {"nodes": [{"id": "a"}], "chunks": [{"id": "c", "text": "x"}] * 50_000}
    ),
    "100,000 unknown ids beside 50,000 long ones": lambda: _json(
        {
            "chunks": [{"id": f"{n}".zfill(190), "text": "x"} for n in range(50_000)],
            "nodes": [
                {"id": str(n), "chunk_ids": [f"{n}-{m}".zfill(190) for m in range(20)]} for n in range(5000)
            ],
        }
    ),
    "a circle of 5,000": lambda: _nodes(5000, depends_on=lambda n: [str((n + 1) % 5000)]),
    "2,500 circles of two": lambda: _nodes(5000, depends_on=lambda n: [str(n ^ 1)]),
    "300 nodes in one knot": lambda: _nodes(300, depends_on=lambda n: [str(m) for m in range(300) if m != n]),
    "a fault in each of 5,000 nodes": lambda: _nodes(
        5000, centrality_score=lambda n: "high", title=lambda n: n
    ),
    "two million empty lists": lambda: b"[" + b"[]," * 2_000_000 + b"1]",
    "a million small objects": lambda: b"[" + b'{"a":1},' * 1_000_000 + b"1]",
    "a table of a million columns": lambda: b"id," + b"x," * 1_000_000 + b"y\n1\n",
    "one row of 40 million cells": lambda: b"id,title\n" + b"," * 40_000_000,
    "a cell of 40 MB": lambda: b'id,title\na,"' + b"word " * 8_000_000 + b'"\n',
    "JSON Lines of 40 MB in one line": lambda: (
        b'{"id": "a", "x": [' + b'"0123456789",' * 3_000_000 + b'1]} {"id": "b"}'
    ),
    "half a million JSON Lines": lambda: b'{"id":"a"}\n' * 500_000,
    "five million themes": lambda: b'[{"id": "a", "themes": [' + b'"a",' * 5_000_000 + b'"a"]}]',
    "100,000 names for one key": lambda: _json([{"id": "a", **{f"Ti-{n}": 1 for n in range(4_000)}}] * 25),
    "UTF-16": lambda: codecs.BOM_UTF16_LE + ("[1]" * 7_000_000).encode("utf-16-le"),
    "thousands of byte order marks": lambda: codecs.BOM_UTF8 * 15_000_000,
    "zeros": lambda: b"\0" * 45_000_000,
    "a broken byte at the end of 45 MB": lambda: b'[{"id": "a", "x": "' + b"a" * 45_000_000 + b"\xff",
    "an archive's head before 45 MB": lambda: b"PK\x03\x04" + b"\0" * 45_000_000,
    "turns of a transcript": lambda: b"Ann Smith  0:01\nI was born.\n\n" * 1_400_000,
    "a label in every second line of 8 MB": lambda: _chunked(["Ann Smith  0:01\nhello\n" * 9_000] * 40),
    "a minute of speech under each label, 8 MB": lambda: _chunked(
        [("Ann Smith  0:01\n" + "We went down to the river and it was cold. " * 9 + "\n\n") * 490] * 40
    ),
}
