"""Turns a transcript's text into what was said: without timecodes, tags, entities and loops of the recognition.

Labels of speakers with their times (Otter, Rev, Teams, Zoom, Whisper, subtitles) become lines "Name: words".
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from .loops import Loop, without_loops

_TIME = r"(?:\d{1,2}:)?\d{1,3}:\d{1,2}(?:[.,]\d{1,3})?"
_NAME = r"(?P<name>[^\W\d_][^\n:\[\]()<>{}|]{0,58}?)"
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_VOICE = re.compile(r"<v(?:\.[\w.]+)?[ \t]+([^<>\n]{1,60})>")
_TAG = re.compile(
    r"</?(?:v|c|i|b|u|s|em|strong|font|span|lang|ruby|rt|br|p|div|sync|body)\b[^<>\n]{0,200}>"
    rf"|<{_TIME}>|\{{\\[^{{}}\n]{{1,60}}\}}",
    re.IGNORECASE,
)
_HEADER = re.compile(r"\A\ufeff?\s*WEBVTT[^\n]*(?:\n(?!\s*\n)[^\n]*)*")
_CUE = re.compile(rf"\s*(?P<time>{_TIME})\s*-->\s*{_TIME}[^\n]*$")
_WHISPER = re.compile(rf"\s*\[(?P<time>{_TIME})\s*-->\s*{_TIME}\]\s*")
_TIME_ALONE = re.compile(rf"\s*[\[(]?(?P<time>{_TIME})[\])]?\s*$")
# "Ann Smith  0:01", "Ann Smith (00:12):", "[Ann Smith] 10:15:22"; what follows is said on the next lines.
_LABEL_LINE = re.compile(
    rf"\s*\[?{_NAME}\]?(?P<gap>:?\s+)(?P<bracket>[\[(]?)(?P<time>{_TIME})[\])]?\s*:?\s*$"
)
# "Ann Smith: (00:12) words", "Ann Smith [00:12]: words".
_LABEL_AND_TIME = re.compile(rf"\s*{_NAME}\s*:?\s*[\[(](?P<time>{_TIME})[\])]\s*:?\s*(?=\S)")
# "[00:12] Ann Smith: words", "00:12 Ann Smith: words", "10:15:22 From Ann Smith to Everyone: words".
_TIME_AND_LABEL = re.compile(
    rf"\s*[\[(]?(?P<time>{_TIME})[\])]?\s*[-–—]?\s*(?:From\s+)?{_NAME}(?:\s+to\s+[^:\n]{{1,60}})?\s*:\s*"
)
_BRACKETED_LABEL = re.compile(r"\s*\[(?P<name>SPEAKER[_ ]\d{1,3})\]\s*:?\s*", re.IGNORECASE)
_INLINE = re.compile(
    r"(?<![ \t])[ \t]*(?:\[(?P<square>(?:\d{1,2}:)?\d{1,3}:\d{2}(?:[.,]\d{1,3})?)\]"
    r"|\((?P<round>\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,3})?)\))[ \t]*"
)
_MARK = re.compile("\x02(\\d+)\x03")
_MARKED = re.compile("[\x02\x03]")
_SOMETHING_TO_CLEAN = re.compile(r"[<&{]|\d:\d\d|\[SPEAKER|WEBVTT", re.IGNORECASE)
# What every label and every line of a subtitle has; from its colon or bracket on, which is found three times as fast.
_TIME_OR_LABEL = re.compile(r":(?<=\d:)\d|\[(?i:SPEAKER)")
# What diarization calls people whose names nobody told it.
UNNAMED_LABEL = re.compile(
    r"(?:unknown[ _-]?)?(?:speaker|spk|person|voice|participant|interlocutor|sprecher(?:in)?|locuteur|hablante|orador"
    r"|falante|parlante|spreker|talare|taler|mówca|говорящий|спикер|说话人|發言者|発言者|話者)[ _-]?(?:\d{1,3}|[A-Z])",
    re.IGNORECASE,
)
# What may be one at the head of a line, told by its first letter: nearly every line is passed over at once.
_MAYBE_UNNAMED = re.compile(r"\n((?=[ufhilmopstvгмсſ说發発話UFHILMOPSTVГМС])[^\n:]{3,40}+):[ \t]")
_FIRST_LINE = 50
_MOST_NAME_WORDS = 5
_PARTICLES = frozenset(
    ("de", "da", "di", "do", "du", "del", "der", "den", "van", "von", "la", "le", "el", "al", "of")
)


class Turn(NamedTuple):
    """From text[start:] on this speaker speaks ("": as before), from this second of the recording (None: unknown)."""

    start: int
    speaker: str
    seconds: float | None


@dataclass(frozen=True)
class CleanText:
    """What was said, who says it from where on, and the sentences that a recognition repeated without end.

    `labels` name nobody ("SPEAKER_00: words"): no turn begins there, as nothing tells where such a turn ends among
    lines with other names.
    """

    text: str
    turns: tuple[Turn, ...] = ()
    loops: tuple[Loop, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def speakers(self) -> tuple[str, ...]:
        """Those whom labels inside the text name, in order."""
        return tuple(dict.fromkeys([*(turn.speaker for turn in self.turns if turn.speaker), *self.labels]))

    @property
    def start_seconds(self) -> float | None:
        """The first time inside the text."""
        return next((turn.seconds for turn in self.turns if turn.seconds is not None), None)


def clean_transcript(text: str) -> CleanText:
    """Return what was said. A text with nothing to clean comes back as it is."""
    marks = _Marks()
    # Our own marks: where an upload has them they stand for nothing.
    cleaned = _MARKED.sub("", text)
    if _SOMETHING_TO_CLEAN.search(text):
        cleaned = _without_markup(cleaned, marks)
    cleaned, loops = without_loops(cleaned)
    said, turns = _with_places(cleaned, marks)
    # What is nothing but markup stays: there must be something to read.
    if not said.strip():
        return CleanText(text)
    return CleanText(said, turns, loops, _unnamed_labels(said))


def _unnamed_labels(said: str) -> tuple[str, ...]:
    """Return the labels that name nobody, with which lines begin, in order."""
    found = chain(_MAYBE_UNNAMED.finditer(f"\n{said[:_FIRST_LINE]}"), _MAYBE_UNNAMED.finditer(said))
    return tuple(dict.fromkeys(each[1] for each in found if UNNAMED_LABEL.fullmatch(each[1])))


class _Marks:
    """Speakers and times found, which the text carries as numbered marks until it has its final form."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str | None]] = []

    def add(self, speaker: str, time: str | None) -> str:
        """Return the mark that stands for this speaker and time, as it is written."""
        self.found.append((speaker, time))
        return f"\x02{len(self.found) - 1}\x03"


def _without_markup(text: str, marks: _Marks) -> str:
    text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _VOICE.sub(lambda match: f"\n{_named(match[1], None, marks)}", _HEADER.sub("", text, count=1))
    text = _TAG.sub("", text)
    has_cues = "-->" in text
    lines = text.splitlines()
    labels = (line for line in lines if _label_line(line, certain=False))
    labelled = len(list(islice(labels, 2))) == 2
    spoken = _without_names_of_cues(lines) if has_cues else iter(lines)
    return _joined(_read_line(line, marks, labelled, has_cues) for line in spoken)


def _without_names_of_cues(lines: list[str]) -> Iterator[str]:
    """Leave out the number or name that stands between an empty line and the time of a subtitle."""
    for before, line, following in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        if before.strip() or not line.strip() or not _CUE.match(following):
            yield line


# A line's label (a mark and "Name: "), its text, and whether it goes on from the line before.
_Line = tuple[str, str, bool]


def _read_line(line: str, marks: _Marks, labelled: bool, has_cues: bool) -> _Line:
    flows = has_cues and not line.startswith("\x02")
    if not _TIME_OR_LABEL.search(line):
        return "", line, flows
    if match := _label_line(line, certain=not labelled):
        return _label(match, marks), "", False
    if match := _CUE.match(line) or _TIME_ALONE.match(line):
        return marks.add("", match["time"]), "", True
    if match := _whole_label(line):
        return _label(match, marks), _inline(line[match.end() :], marks), False
    if match := _WHISPER.match(line):
        mark = marks.add("", match["time"])
        inner = _BRACKETED_LABEL.match(line, match.end())
        label = f"{mark}{_label(inner, marks)}" if inner else mark
        return label, _inline(line[(inner or match).end() :], marks), not inner
    return "", _inline(line, marks), flows


def _label_line(line: str, *, certain: bool) -> re.Match[str] | None:
    """Return a line that is a name and a time; `certain` asks for the wide gap or the brackets of transcripts."""
    match = _LABEL_LINE.match(line)
    if match is None or not _is_name(match["name"]):
        return None
    is_certain = match["bracket"] or len(match["gap"]) > 1 or "\t" in match["gap"] or "]" in line
    return match if is_certain or not certain else None


def _whole_label(line: str) -> re.Match[str] | None:
    """Return the label, with its time, that a line of speech begins with."""
    for pattern in (_TIME_AND_LABEL, _LABEL_AND_TIME, _BRACKETED_LABEL):
        match = pattern.match(line)
        if match and _is_name(match["name"]):
            return match
    return None


def _label(match: re.Match[str], marks: _Marks) -> str:
    time = None if match.re is _BRACKETED_LABEL else match["time"]
    return _named(match["name"], time, marks)


def _named(name: str, time: str | None, marks: _Marks) -> str:
    plain = _plain(name)
    return f"{marks.add(plain, time)}{plain}: "


# A transcript says the same few names thousands of times.
@lru_cache(maxsize=1000)
def _plain(name: str) -> str:
    return " ".join(name.split())


@lru_cache(maxsize=1000)
def _is_name(name: str) -> bool:
    words = name.split()
    return len(words) <= _MOST_NAME_WORDS and all(
        not word[0].islower() or word in _PARTICLES for word in words
    )


def _inline(text: str, marks: _Marks) -> str:
    """Put marks in the place of timecodes inside a line."""
    return _INLINE.sub(
        lambda match: (" " if match.start() else "") + marks.add("", match["square"] or match["round"]),
        text,
    )


def _joined(lines: Iterator[_Line]) -> str:
    """Join the lines: speech under a label is put behind it, what subtitles part goes on as one line."""
    parts: list[str] = []
    waiting = ""
    for label, text, flows in lines:
        if label and not text:
            waiting += label
            continue
        spoken = text.strip()
        if not spoken and not label:
            parts.append("\n" if parts and not flows and not waiting else "")
            continue
        head, waiting = waiting + label, ""
        glue = "" if not parts else " " if flows and not head.endswith(": ") else "\n"
        parts.append(f"{glue}{head}{spoken}" if head else glue + text)
    return re.sub(r"\n{3,}", "\n\n", "".join(parts)).strip("\n")


def _with_places(text: str, marks: _Marks) -> tuple[str, tuple[Turn, ...]]:
    """Take out the marks, and say where in the text each of them stood."""
    parts: list[str] = []
    turns: list[Turn] = []
    at = length = 0
    for match in _MARK.finditer(text):
        parts.append(text[at : match.start()])
        length += match.start() - at
        speaker, time = marks.found[int(match[1])]
        turns.append(Turn(length, speaker, _seconds(time)))
        at = match.end()
    return "".join([*parts, text[at:]]), tuple(turns)


def _seconds(time: str | None) -> float | None:
    if not time:
        return None
    seconds = 0.0
    for part in time.replace(",", ".").split(":"):
        seconds = seconds * 60 + float(part)
    return round(seconds, 3)
