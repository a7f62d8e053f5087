"""Describes the metrics of a chapter's present text in words for a person."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import ngettext

from books.models import Chapter, ChapterRevision
from books.reading import number_words
from workflow.contract.agent_types import JSON
from workflow.engine.measuring import MEASURED
from workflow.models import ChangeStatus, HarmonizationChange
from workflow.quality import WEIGHTS

MOST_OWN = 30
NOT_MEASURED = "not measured"
_PARTS = {
    "grounding": ("Grounding", "sentences that the passages bear out"),
    "length": ("Length", "how near it is to the wanted length"),
    "repetition_within": ("Repetition in the chapter", "1 is no more than in any speech"),
    "repetition_across": ("Repetition in the book", "1 is next to nothing said before"),
    "clean": ("Cleanness", "no notes, no remarks of a model, a whole end"),
}
_WHY_NOT = {
    "spaced": "Sentences, names and numbers are checked in English text with English passages only.",
    "unspaced": "This script sets no spaces between words, so nothing that compares words is measured.",
}


@dataclass(frozen=True)
class Bar:
    """One figure as a bar: `value` of `most`, in words beside it; `value` is None where it was not measured."""

    name: str
    words: str
    value: float | None
    most: float


@dataclass(frozen=True)
class MetricPart:
    """One part of the score: its figure, 0 to 1, or "not measured", and what it counts for in per cent."""

    name: str
    meaning: str
    figure: str
    weight: int


@dataclass(frozen=True)
class Repeated:
    """Words that an earlier chapter has, too."""

    text: str
    chapter: int


@dataclass(frozen=True)
class MetricsView:
    """What the page shows. `note` says what could not be measured, `faults` what makes the text unfinished."""

    score: str
    bars: tuple[Bar, ...]
    parts: tuple[MetricPart, ...]
    note: str
    faults: tuple[str, ...]
    weak_count: int
    repeated: tuple[Repeated, ...]
    phrases: tuple[tuple[str, int], ...]
    facts: tuple[tuple[str, str], ...]
    own: tuple[tuple[str, str], ...]


def metrics_of(chapter: Chapter, cited: int) -> MetricsView | None:
    """Return the metrics of the present text, which cites `cited` passages; None where it was not measured."""
    revision = chapter.current_revision
    measured = _mapping(revision.quality_metrics, MEASURED) if revision else {}
    if revision is None or not measured:
        return None
    return MetricsView(
        score=_figure(measured.get("score")),
        bars=tuple(_bars(measured, cited, chapter.node.chunk_count)),
        parts=tuple(_parts(measured)),
        note=_note(measured),
        faults=tuple(_faults(measured)),
        weak_count=int(_number(_mapping(measured, "grounding"), "weak_sentences") or 0),
        repeated=tuple(
            Repeated(str(each.get("text", "")), int(_number(each, "chapter") or 0))
            for each in _mappings(measured, "said_before")
        ),
        phrases=tuple(
            (str(each.get("text", "")), int(_number(each, "count") or 0))
            for each in _mappings(measured, "frequent_phrases")
        ),
        facts=tuple(_facts(chapter, revision, measured)),
        own=tuple(_own(revision)),
    )


def _bars(measured: JSON, cited: int, given: int) -> Iterator[Bar]:
    words = _number(measured, "words") or 0
    if given:
        yield Bar("Passages used", f"{min(cited, given):,} of {given:,}", min(cited, given), given)
    grounding = _mapping(measured, "grounding")
    weighed, weak = _number(grounding, "sentences"), _number(grounding, "weak_sentences") or 0
    borne_out = f"{weighed - weak:,.0f} of {weighed:,.0f}" if weighed else NOT_MEASURED
    yield Bar("Sentences borne out", borne_out, weighed - weak if weighed else None, weighed or 1)
    yield _share("Quoted word for word", measured, "quoted_share", words)
    yield _share("Words that the passages have", measured, "coverage", words)
    yield _share("Said before in the book", measured, "repetition_across", words)
    yield _share("Said twice in the chapter", measured, "repetition_within", words)


def _share(name: str, measured: JSON, key: str, words: float) -> Bar:
    share = _number(measured, key)
    if share is None:
        return Bar(name, NOT_MEASURED, None, 100)
    return Bar(
        name, f"{100 * share:.0f} %, about {share * words:,.0f} of {words:,.0f} words", 100 * share, 100
    )


def _parts(measured: JSON) -> Iterator[MetricPart]:
    found = _mapping(measured, "parts")
    for key, (name, meaning) in _PARTS.items():
        yield MetricPart(name, meaning, _figure(found.get(key)), round(100 * WEIGHTS[key]))


def _note(measured: JSON) -> str:
    if (
        measured.get("score") is None
        and _number(measured, "coverage") is None
        and measured.get("script") == "english"
    ):
        return "The storyline has no source text, so there is nothing to compare the chapter with."
    return _WHY_NOT.get(str(measured.get("script")), "") if measured.get("grounding") is None else ""


def _faults(measured: JSON) -> Iterator[str]:
    if measured.get("is_cut_off"):
        yield "The text stops in the middle."
    for each in _list(measured, "leftovers"):
        yield f"This looks like something that nobody was meant to read: “{each}”"
    stuck = len(_list(measured, "runaway_paragraphs"))
    if stuck:
        yield ngettext(
            "%s paragraph says the same over and over.", "%s paragraphs say the same over and over.", stuck
        ) % stuck  # fmt: skip


def _facts(chapter: Chapter, revision: ChapterRevision, measured: JSON) -> Iterator[tuple[str, str]]:
    yield "Quality", _figure(measured.get("score"))
    yield "Coverage, as its writer says", _figure(revision.confidence)
    yield "Length", _length_words(measured)
    density = _number(measured, "density")
    if density is not None:
        words = ngettext("%s word in a row", "%s words in a row", round(density)) % f"{density:,.0f}"
        yield "Borrowed on average", words
    compared = [number for number in _list(measured, "compared_with") if isinstance(number, int)]
    if compared:
        yield "Compared with", ngettext("chapter %s", "chapters %s", len(compared)) % number_words(compared)
    if revision.themes:
        yield "Themes", ", ".join(map(str, revision.themes))
    if revision.participants:
        yield "People", ", ".join(map(str, revision.participants))
    yield "Node", chapter.node.key
    made = HarmonizationChange.objects.filter(
        chapter=chapter, status__in=[ChangeStatus.APPLIED, ChangeStatus.KEPT]
    ).count()
    if made:
        yield "Harmonization", ngettext("%s change made", "%s changes made", made) % f"{made:,}"


def _length_words(measured: JSON) -> str:
    wanted = _mapping(measured, "wanted_words")
    fewest, most = _number(wanted, "fewest") or 0, _number(wanted, "most") or 0
    between = f"{most:,.0f}" if fewest == most else f"{fewest:,.0f} to {most:,.0f}"
    return f"{_number(measured, 'words') or 0:,.0f} words, {between} wanted"


def _own(revision: ChapterRevision) -> Iterator[tuple[str, str]]:
    """Return what the writer says of its own text, as far as a line can hold it."""
    for key, value in list(revision.quality_metrics.items())[:MOST_OWN]:
        if key != MEASURED and isinstance(value, int | float | str) and not isinstance(value, bool):
            shown = f"{value:,}" if isinstance(value, int | float) else value[:200]
            yield key.replace("_", " ").capitalize()[:60], shown


def _figure(value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:.2f}" if is_number else NOT_MEASURED


def _number(found: JSON, key: str) -> float | None:
    value = found.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _mapping(found: JSON, key: str) -> JSON:
    value = found.get(key)
    return value if isinstance(value, Mapping) else {}


def _list(found: JSON, key: str) -> list[object]:
    value = found.get(key)
    return value if isinstance(value, list) else []


def _mappings(found: JSON, key: str) -> list[JSON]:
    return [each for each in _list(found, key) if isinstance(each, Mapping)]
