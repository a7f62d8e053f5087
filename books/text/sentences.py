"""The one way in which text is split into sentences, in every script: writers, prompts, checks and rules agree.

By marks alone: full stops, question marks and the like of each script, but those of abbreviations, initials and
ordinals. Thai and Lao have no such marks: there a space ends what is long enough to be a sentence.
"""

import re
from collections.abc import Iterator

# Marks behind which white space stands, and those of scripts that set none; an Armenian, an Ethiopic and a Tibetan one.
_SPACED = ".!?…؟۔।॥։።།"
_UNSPACED = "。！？｡។៕။"
SENTENCE_ENDS = f"{_SPACED}{_UNSPACED}"
_CLOSERS = "\"'”’»)\\]*_"
_EAST_ASIAN_CLOSERS = "\"'”’」』）》〉】"
# Possessive throughout, and begun only where a run of marks begins: a page of dots costs no more than one of words.
# What must not stand before is looked for behind the first character: so most of the text is passed over at once.
_END = re.compile(
    rf"[{SENTENCE_ENDS}](?<![{SENTENCE_ENDS}]{{2}})[{SENTENCE_ENDS}]*+"
    rf"(?:(?<=[{_UNSPACED}])[{_EAST_ASIAN_CLOSERS}]*+|([{_CLOSERS}]*+)(?=\s++[\"'“‘„«*_¿¡]*+(.?)))"
)
# What a sentence rests on stands behind it, as [c-12]; [laughs] is said in the next one.
_CITED = re.compile(r"(?:[^\S\n]?\[(?=[^\[\]\s]{0,80}?\d)[^\[\]\s]{1,200}+\])+")
# After a quotation Japanese goes on with one of these: "he said that".
_GOING_ON = ("と", "って", "など", "なんて", "という")
# What runs on in Thai and Lao, and the least that may be a sentence of it, in characters.
_THAI_LAO = "\u0e01-\u0eff"
_LEAST_UNMARKED = 40
_UNMARKED_END = re.compile(rf"(?<=[{_THAI_LAO}])\s+(?=[{_THAI_LAO}])")
_ANY_UNMARKED = re.compile(f"[{_THAI_LAO}]")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Of several languages: before names; before anything; before numbers.
_TITLES = _words("""
    Mr Mrs Ms Messrs Dr Drs Prof Hon St Ste Rev Fr Gen Col Capt Lt Sgt Sen Rep Gov Jr Sr Inc Ltd Co Corp Dept Mt Ave
    Mme Mlle Mgr Hr Hrn Frl Sra Srta Ud Uds Dña Avda Sig Dott Avv Ing Exmo Dhr Mevr Проф
    """)
_ABBREVIATIONS = _words("vs cf approx bzw ca evtl ggf geb gest verh sog vgl inkl zzgl г ул им св")
_NUMBERED = _words("""
    No no Nr nr Núm núm Vol vol Fig fig p pp S s Art art Kap Cap cap Ch ch Abb Tab tab č рис стр
    """)
_LETTERS = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]\Z")
_AFTER_ORDINAL = re.compile(
    r"\s(?:Jan|Feb|März|Apr|Mai|Jun|Jul|Aug|Sep|Okt|Nov|Dez|Jahrhundert|Jh|Klasse|Stock|Geburtstag|Weltkrieg|Kapitel)"
)
_LOOKED_BACK = 16
_LONGEST_WORD = 10
_BEFORE_WORDS = "\"'“‘„«([*_"


def sentence_spans(text: str, start: int = 0, end: int | None = None) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of each sentence of text[start:end], without the white space between them."""
    stop = len(text) if end is None else end
    has_unmarked = not text.isascii() and _ANY_UNMARKED.search(text, start, stop) is not None
    at = start
    for match in _END.finditer(text, start, stop):
        if match.start() >= at and not _goes_on(text, at, match):
            cut = match.end()
            if marks := _CITED.match(text, cut, stop):
                cut = marks.end()
            yield from _trimmed(text, at, cut, has_unmarked)
            at = cut
    yield from _trimmed(text, at, stop, has_unmarked)


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a text, with what separates them left off."""
    return [text[start:end] for start, end in sentence_spans(text)]


def is_abbreviation(text: str, start: int, stop: int) -> bool:
    """Whether the full stop at text[stop - 1] belongs to the word before it; nothing before `start` is looked at."""
    words = text[max(start, stop - _LOOKED_BACK) : stop - 1].split()
    word = words[-1] if words else ""
    if len(word) > _LONGEST_WORD:
        return False
    word = word.lstrip(_BEFORE_WORDS)
    if word in _TITLES or word in _ABBREVIATIONS:
        return True
    if len(word) == 1 and (word.isupper() or word.islower()) and word != "I":
        return True
    if "." in word:
        return _LETTERS.match(word) is not None
    if word in _NUMBERED:
        return text[stop : stop + _LOOKED_BACK].lstrip()[:1].isdigit()
    return word.isdigit() and len(word) <= 2 and _AFTER_ORDINAL.match(text, stop) is not None


def _goes_on(text: str, at: int, match: re.Match[str]) -> bool:
    """Whether the sentence goes on behind a run of marks: an abbreviation, a pause, a quotation inside of it."""
    run, closers, following = match[0], match[1], match[2]
    if closers is None:
        return run[-1] not in _UNSPACED and text.startswith(_GOING_ON, match.end())
    if following and following.islower():
        return bool(closers) or run[0] in ".…"
    return run == "." and is_abbreviation(text, at, match.end())


def _trimmed(text: str, start: int, end: int, has_unmarked: bool) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if has_unmarked:
        for match in _UNMARKED_END.finditer(text, start, end):
            if match.start() - start >= _LEAST_UNMARKED and end - match.end() >= _LEAST_UNMARKED:
                yield start, match.start()
                start = match.end()
    if end > start:
        yield start, end
