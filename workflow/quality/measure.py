"""Measures one chapter: every metric that its language allows, as JSON of bounded size."""

from collections.abc import Mapping

from books.text.words import count_prose, count_words

from .chapter_sources import Sources
from .fragments import extraction
from .grounding import Grounding, SentenceGrounding, ground, ground_quotations
from .language import Script, script_of
from .leftovers import is_cut_off, leftovers, runaway_paragraphs
from .prose import Prose, read_prose
from .repetition import Across, frequent_phrases, repetition_across, repetition_within
from .score import Wanted, length_score, parts_of, score_of, wanted_length

# Grows when a key changes its meaning, so that figures of different releases are not mistaken for each other.
EDITION = 2
MOST_WEAK = 60
_MOST_PARAGRAPHS = 10
Metrics = dict[str, object]


def measure(markdown: str, sources: Sources, target_words: int) -> Metrics:
    """Return the metrics of a chapter; None stands for "not measured", never for a fault.

    `score` and `parts` are 0 to 1. Places are offsets in `markdown`.
    """
    prose = read_prose(markdown, sources)
    script = _script(prose, sources)
    is_spaced = script is not Script.UNSPACED
    words = count_prose(markdown)
    wanted = wanted_length(target_words, sum(count_words(chunk.text) for chunk in sources.chunks))
    grounding = _grounding(prose, sources, script)
    within = repetition_within(prose.words) if is_spaced else None
    across = repetition_across(prose.words, sources.earlier) if is_spaced else None
    stuck = runaway_paragraphs(prose) if script is Script.ENGLISH else ()
    left = leftovers(markdown, sources.text)
    cut_off = is_cut_off(markdown, prose, script)
    parts = parts_of(
        grounding=grounding.share if grounding else None,
        length=length_score(words, wanted),
        within=within,
        across=across.share if across else None,
        is_clean=not (stuck or left or cut_off),
    )
    return {
        "edition": EDITION,
        "score": score_of(parts),
        "parts": parts,
        "script": script.value,
        "words": words,
        **_wanted(wanted, target_words),
        **_extraction(prose, sources, script),
        **_weighed(grounding),
        **_repeated(prose, within, across, sources),
        "runaway_paragraphs": list(stuck[:_MOST_PARAGRAPHS]),
        "leftovers": list(left),
        "is_cut_off": cut_off,
    }


def _script(prose: Prose, sources: Sources) -> Script:
    """English only where both the chapter and its sources are: a translation shares no words with them."""
    text = script_of(" ".join(each.text for each in prose.sentences), prose.words)
    source = script_of(sources.text, sources.words) if sources.words else text
    return source if text is Script.ENGLISH else text


def _grounding(prose: Prose, sources: Sources, script: Script) -> Grounding | None:
    if not sources.words:
        return None
    return ground(prose, sources) if script is Script.ENGLISH else ground_quotations(prose)


def _wanted(wanted: Wanted, target_words: int) -> Metrics:
    return {"wanted_words": {"fewest": wanted.fewest, "most": wanted.most}, "target_words": target_words}


def _extraction(prose: Prose, sources: Sources, script: Script) -> Metrics:
    if script is Script.UNSPACED or not sources.words or not prose.words:
        return {"coverage": None, "density": None, "quoted_share": None}
    found = extraction(prose.words, sources.words)
    return {"coverage": found.coverage, "density": found.density, "quoted_share": found.quoted}


def _weighed(grounding: Grounding | None) -> Metrics:
    if grounding is None:
        return {"grounding": None, "weak": []}
    figures = {
        "sentences": grounding.weighed,
        "weak_sentences": len(grounding.weak),
        "share": grounding.share,
        "close_share": grounding.close,
    }
    return {"grounding": figures, "weak": [_weak(each) for each in grounding.weak[:MOST_WEAK]]}


def _weak(found: SentenceGrounding) -> Mapping[str, object]:
    sentence = found.sentence
    return {
        "start": sentence.start,
        "end": sentence.end,
        "paragraph": sentence.paragraph,
        "recall": found.recall,
        "numbers": list(found.numbers),
        "names": list(found.names),
        "words": list(found.words),
    }


def _repeated(prose: Prose, within: float | None, across: Across | None, sources: Sources) -> Metrics:
    phrases = frequent_phrases(prose.words) if within is not None else ()
    passages = across.passages if across else ()
    return {
        "repetition_within": within,
        "frequent_phrases": [{"text": each.text, "count": each.count} for each in phrases],
        "repetition_across": across.share if across else None,
        "compared_with": [chapter.number for chapter in sources.earlier if chapter.text],
        "said_before": [{"text": each.text, "chapter": each.chapter} for each in passages],
    }
