"""Knows files that are no storylines for what they are, and says what can be done with them."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice

from books.storyline.names import spelled

_ADVICE = (
    "A book is made from a storyline: pieces of text (“chunks”), grouped into chapters (“nodes”). "
    "The template shows how one is written."
)
_HEAD = 4_000
_LINES = 60

_BYTES: Sequence[tuple[bytes, str]] = (
    (b"%PDF-", "a PDF. Copy its text into the chunks of a storyline."),
    (b"{\\rtf", "a text in RTF. Copy its text into the chunks of a storyline."),
    (b"\xd0\xcf\x11\xe0", "an old office document. Save a table as CSV; copy other text into a storyline."),
    (b"SQLite format 3", "a database. Export its tables as JSON or CSV."),
    (b"\x1f\x8b", "a gzip archive. Unpack it, and upload the storyline in it."),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive. Unpack it, and upload the storyline in it."),
    (b"Rar!", "a RAR archive. Unpack it, and upload the storyline in it."),
    (b"\x89PNG", "a picture."),
    (b"\xff\xd8\xff", "a picture."),
    (b"GIF8", "a picture."),
)
_RECORDING = "a recording. It has to be written down first: upload what a transcription program made of it."
_RECORDINGS = (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"fLaC", b"OggS", b"\x1aE\xdf\xa3", b"#!AMR")
_INSIDE: Sequence[tuple[bytes, str]] = (
    (b"word/", "a Word document. Copy its text into the chunks of a storyline."),
    (b"xl/", "an Excel workbook. Save the sheet of nodes as “CSV UTF-8”, and upload that."),
    (b"ppt/", "a PowerPoint presentation. Copy its text into the chunks of a storyline."),
    (b"opendocument.text", "an OpenDocument text. Copy its text into the chunks of a storyline."),
    (
        b"opendocument.spreadsheet",
        "an OpenDocument table. Save the sheet of nodes as CSV in UTF-8, and upload that.",
    ),
    (b"application/epub+zip", "an e-book. A storyline is what a book is made from."),
)
_GRAPH = (
    "Save the graph as JSON (node-link, Cytoscape or JSON Graph Format), or the table of nodes as CSV, "
    "and upload that."
)
_STAMP = r"\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?"
_TEXTS: Sequence[tuple[re.Pattern[str], str]] = (
    (re.compile(r"\s*WEBVTT\b"), f"These are subtitles (WebVTT). {_ADVICE}"),
    (re.compile(rf"\s*\d+\s*\r?\n\s*{_STAMP}\s*-->\s*{_STAMP}"), f"These are subtitles (SubRip). {_ADVICE}"),
    (re.compile(rf"\s*{_STAMP},{_STAMP}\s*\r?\n"), f"These are subtitles (SBV). {_ADVICE}"),
    (re.compile(r"\s*\[Script Info\]"), f"These are subtitles (SubStation). {_ADVICE}"),
    (
        re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<tt\b", re.S),
        f"These are subtitles (TTML). {_ADVICE}",
    ),
    (re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<graphml\b", re.S), f"This is GraphML. {_GRAPH}"),
    (re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)?<gexf\b", re.S), f"This is GEXF. {_GRAPH}"),
    (re.compile(r"\s*(?:strict\s+)?(?:di)?graph\s+[\w\"]*\s*\{"), f"This is a graph in DOT. {_GRAPH}"),
    (re.compile(r"\s*(?:Creator\b.*\n\s*)?graph\s*\[", re.I), f"This is a graph in GML. {_GRAPH}"),
    (re.compile(r"\s*\*Vertices\b", re.I), f"This is a graph in Pajek’s form. {_GRAPH}"),
)
# A turn's head: “Ann Smith  0:01”, “Ann (00:01):”, “[00:01] Ann: …”, “00:01 …”.
_TURN = re.compile(
    rf"\s*(?:[\[(]?{_STAMP}[\])]?\s*[-–]?\s*\S|[^\W\d_][^\n:]{{0,60}}?[\s(\[]{{1,4}}{_STAMP}[\])]?\s*:?\s*$)"
)
_SAID = re.compile(r"\s*[^\W\d_][\w .'’-]{0,40}:\s+\S")
_TRANSCRIPT_KEYS = {
    "segments": "a transcript, as Whisper and WhisperX write it",
    "monologues": "a transcript, as Rev writes it",
    "utterances": "a transcript",
    "results": "a transcript of a speech service",
}


def kind_of_bytes(data: bytes) -> str | None:
    """Return a sentence about a file that is no text, None where it may be one."""
    head = data[:16]
    if head.startswith(b"PK\x03\x04"):
        # The names of an archive's files stand at its beginning and its end.
        names = data[:_HEAD] + data[-_HEAD:]
        found = next((said for mark, said in _INSIDE if mark in names), None)
        return f"The file is {found or 'a ZIP archive. Unpack it, and upload the storyline in it.'}"
    if (
        head.startswith(_RECORDINGS)
        or head[4:8] == b"ftyp"
        or (head[:4] == b"RIFF" and head[8:12] in (b"WAVE", b"AVI "))
    ):
        return f"The file is {_RECORDING}"
    found = next((said for mark, said in _BYTES if head.startswith(mark)), None)
    return f"The file is {found} {_ADVICE if found.endswith('picture.') else ''}".strip() if found else None


def kind_of_text(text: str) -> str | None:
    """Return a sentence about a text that is neither JSON nor a table of nodes, None where it may be."""
    head = text[:_HEAD]
    for pattern, said in _TEXTS:
        if pattern.match(head):
            return said
    if head.lstrip()[:1] == "{":
        return None
    lines = [line for line in head.split("\n")[:_LINES] if line.strip()]
    if sum(bool(_TURN.match(line)) for line in lines) * 4 >= max(len(lines), 4):
        return f"This is a transcript with times. {_ADVICE}"
    if not head.lstrip().startswith("[") and sum(bool(_SAID.match(line)) for line in lines) * 2 >= max(
        len(lines), 4
    ):
        return f"This is a transcript. {_ADVICE}"
    return None


def transcript_sentence(value: object) -> str | None:
    """Return a sentence about JSON that a transcription program wrote, None where it is something else."""
    if isinstance(value, list):
        if value and all(_is_segment(item) for item in islice(value, 20)):
            return f"This is a transcript, not a list of nodes. {_ADVICE}"
        return None
    if not isinstance(value, dict):
        return None
    found = next((said for key, said in _TRANSCRIPT_KEYS.items() if _holds(value.get(key))), None)
    return f"This is {found}. {_ADVICE}" if found else None


def table_sentence(names: Sequence[str]) -> str | None:
    """Return a sentence about a table that holds no nodes, by the names of its columns."""
    have = {spelled(name) for name in names}
    if {"source", "target"} <= have or {"source_id", "target_id"} <= have:
        sentence = "This is a table of links: each row leads from one node to another."
        advice = (
            "Upload the table of nodes, with a column “depends_on” for the nodes that each one builds on."
        )
        return f"{sentence} It is not read beside another file. {advice} Or put both into one JSON file."
    timed = have & {"start", "start_time", "timestamp", "time", "begin"}
    if have & {"text", "content", "transcript"} and (timed or "speaker" in have) and not have & _OF_NODES:
        return f"This is a table of what was said, a transcript. {_ADVICE}"
    return None


_OF_NODES = frozenset({"id", "node_id", "title", "label", "name", "summary", "chunk_ids"})


def _is_segment(item: object) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("text"), str):
        return False
    timed = item.keys() & {"start", "start_time", "timestamp", "offsets"}
    return bool(timed) and not item.keys() & {"title", "summary", "label"}


def _holds(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value.keys() & {"transcripts", "channels", "utterances", "segments"})
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)
