"""Who speaks in a version's sources: labels that name nobody yet, and what a recognition repeated without end.

A label that is a name, or may be one ("JOHN: words", "Q: words"), is not asked about: it stands in the text as the
person uploaded it, and nothing tells it for certain from a line like "Note: words".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chapterflow_site.core.exceptions import Invalid

from .models import BookVersion, TextChunk
from .sources import rules_of
from .text.clean import UNNAMED_LABEL
from .text.storable import without_piles

_SAMPLES = 2
_SAMPLE_CHARACTERS = 140
_LONGEST_NAME = 300
_MOST_SHOWN = 50
_PART_OF_PATTERN = re.compile(r"\\d|\[[^\]]*\]|[^\W\d_]")


@dataclass(frozen=True)
class UnnamedSpeaker:
    """A label of the recording, the person's answer ("" for none yet), and some of what is said under it."""

    label: str
    name: str
    samples: tuple[str, ...]


@dataclass(frozen=True)
class Repeated:
    """A sentence that stands many times in a row in the sources, and is left out."""

    sentence: str
    count: int


def unnamed_speakers(version: BookVersion) -> list[UnnamedSpeaker]:
    """Return the labels that name nobody, in alphabetical order, with samples."""
    chunks = TextChunk.objects.filter(nodes__version=version).distinct()
    labels = sorted(
        {
            str(label)
            for speaker, speakers in chunks.values_list("speaker", "speakers")
            for label in (speaker, *speakers)
            if UNNAMED_LABEL.fullmatch(str(label))
        }
    )
    return [
        UnnamedSpeaker(label, version.speaker_names.get(label, ""), _samples(version, label))
        for label in labels[:_MOST_SHOWN]
    ]


def repeated_sentences(version: BookVersion) -> list[Repeated]:
    """Return what was repeated without end in the sources, and is not counted."""
    rows = TextChunk.objects.filter(nodes__version=version).exclude(loops=[]).distinct()
    mask = rules_of(version).withheld.mask
    loops = [loop for loops in rows.order_by("pk").values_list("loops", flat=True) for loop in loops]
    return [Repeated(mask(sentence)[:_SAMPLE_CHARACTERS], count) for sentence, count in loops[:_MOST_SHOWN]]


def checked_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return answers fit to be stored: one line each, none for a label that got no name. Raises Invalid."""
    answers = {label: " ".join(without_piles(name).split()) for label, name in names.items()}
    for label, name in answers.items():
        if len(name) > _LONGEST_NAME or "\x00" in name + label or not UNNAMED_LABEL.fullmatch(label):
            raise Invalid(
                "bad_speaker_name",
                f"A name has at most {_LONGEST_NAME} characters, and belongs to a label like SPEAKER_00.",
            )
    return {label: name for label, name in answers.items() if name}


def names_schema() -> dict[str, object]:
    """Return the JSON schema of what `checked_names` takes. Its patterns know no flag that lets case pass."""
    label = _PART_OF_PATTERN.sub(_in_any_case, UNNAMED_LABEL.pattern)
    return {
        "type": "object",
        "propertyNames": {"pattern": f"^(?:{label})$"},
        "additionalProperties": {"type": "string", "maxLength": _LONGEST_NAME},
    }


def _in_any_case(part: re.Match[str]) -> str:
    if part[0] == "[A-Z]":
        return "[A-Za-z]"
    return f"[{part[0]}{part[0].upper()}]" if part[0].isalpha() else part[0]


def _samples(version: BookVersion, label: str) -> tuple[str, ...]:
    chunks = TextChunk.objects.filter(nodes__version=version)
    found = list(chunks.filter(speaker=label).order_by("pk").distinct()[:_SAMPLES])
    said = [chunk.spoken for chunk in found] or _lines_of(
        label, chunks.exclude(speakers=[]).order_by("pk")[:20]
    )
    mask = rules_of(version).withheld.mask
    return tuple(_cut(mask(" ".join(text.split()))) for text in said[:_SAMPLES])


def _lines_of(label: str, chunks: Iterable[TextChunk]) -> Sequence[str]:
    prefix = f"{label}: "
    lines = (line for chunk in chunks for line in chunk.spoken.splitlines())
    return [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]


def _cut(text: str) -> str:
    return text if len(text) <= _SAMPLE_CHARACTERS else f"{text[:_SAMPLE_CHARACTERS].rpartition(' ')[0]} …"
