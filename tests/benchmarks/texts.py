"""Texts that vary as told ones do, made of word lists: the same number gives the same text, on every machine."""

import json
import random
from collections.abc import Iterator, Mapping
from itertools import count, islice

PASSAGES, PASSAGE_SENTENCES, PARAGRAPH_SENTENCES = 5, 34, 10
PEOPLE = (
    "Anton Reuter", "Berta Falk", "Clemens Aigner", "Dora Winkler", "Emil Sander", "Frieda Holm", "Gustav Lindt",
    "Hedwig Kranz", "Ignaz Pichler", "Johanna Mayr", "Konrad Vogl", "Luise Ebner",
)  # fmt: skip
PLACES = "Oberaume Lindenhof Haslach Niederau Rotterbach Steindorf Unterwald Felding".split()  # noqa: SIM905
THINGS = """
    ferry rope lantern barrel cart ladder orchard mill wheel boat chimney ledger letter blanket stove market fence
    harness wagon kettle quarry meadow bridge stable hammer saddle orchestra cellar window bell parcel bucket shovel
    garden school chapel railway basket engine plough roof tunnel harvest oven sail river mountain brother sister
    teacher doctor neighbour soldier baker miller winter summer morning evening story photograph newspaper uniform
    """.split()  # noqa: SIM905  (a list of words reads better as text)
ACTS = """
    carried mended borrowed counted painted hid sold measured lifted guarded dragged repaired bought emptied covered
    fetched followed burned cleaned sketched traded pulled lowered opened locked weighed watched moved shared buried
    remembered forgot promised drew lost found kept wanted needed built
    """.split()  # noqa: SIM905
KINDS = """
    old narrow heavy broken green quiet wooden frozen empty borrowed crooked muddy silver ragged distant warm iron
    bright hollow steep familiar rusty painted foreign young tired hungry proud careful sudden
    """.split()  # noqa: SIM905
WHO = ("I", "we", "they", "he", "she", "you", "nobody", "everybody", "somebody")
WHOSE = ("the", "a", "my", "our", "his", "her", "that", "this", "every", "another", "their", "no", "some")
WHERE = (
    "behind",
    "under",
    "before",
    "after",
    "without",
    "beside",
    "over",
    "near",
    "from",
    "into",
    "through",
    "for",
)
JOINS = (
    ", and ",
    ", but ",
    ", so ",
    ", because ",
    "; ",
    " while ",
    " when ",
    " until ",
    " although ",
    ", which ",
)
# Of a hundred clauses so many have a name, a place, a figure in them.
NAMED, PLACED, COUNTED = 8, 7, 8


def sentences(seed: str) -> Iterator[str]:
    """Yield sentences without an end."""
    pick = random.Random(seed)
    while True:
        said = _clause(pick)
        for _ in range(pick.randrange(3)):
            said += pick.choice(JOINS) + _clause(pick)
        yield f"{said[0].upper()}{said[1:]}."


def _clause(pick: random.Random) -> str:
    who = pick.choice(PEOPLE) if pick.randrange(100) < NAMED else pick.choice(WHO)
    said = f"{who} {pick.choice(ACTS)} {_thing(pick)}"
    if pick.randrange(100) < 60:
        said += f" {pick.choice(WHERE)} {_thing(pick)}"
    if pick.randrange(100) < PLACED:
        said += f" in {pick.choice(PLACES)}"
    if pick.randrange(100) < COUNTED:
        said += f" in {pick.randrange(1890, 1960)}"
    return said


def _thing(pick: random.Random) -> str:
    kind = f"{pick.choice(KINDS)} " if pick.randrange(100) < 40 else ""
    return f"{pick.choice(WHOSE)} {kind}{pick.choice(THINGS)}"


def passage(chapter: int, place: int) -> str:
    """Return what is said in one passage of a chapter's sources, not quite three thousand characters."""
    return " ".join(islice(sentences(f"passage {chapter}.{place}"), PASSAGE_SENTENCES))


def chapter_text(number: int, passages: Mapping[str, str], characters: int) -> str:
    """Return a chapter of that many characters, told and quoted from the passages by turns, each paragraph cited."""
    written, following = "", _paragraphs(number, passages)
    while len(written) < characters:
        written += f"{next(following)}\n\n"
    return written[:characters]


def _paragraphs(number: int, passages: Mapping[str, str]) -> Iterator[str]:
    told = sentences(f"told {number}")
    said = {key: text.rstrip(".").split(". ") for key, text in passages.items()}
    for first in count(0, PARAGRAPH_SENTENCES):
        for key in passages:
            yield f"{' '.join(islice(told, PARAGRAPH_SENTENCES))} [{key}]"
            if quoted := ". ".join(said[key][first : first + PARAGRAPH_SENTENCES]):
                yield f"{quoted}. [{key}]"


def storyline(chapters: int) -> bytes:
    """Return a storyline of that many nodes, each with five passages."""
    numbers = range(1, chapters + 1)
    places = [(n, place) for n in numbers for place in range(1, PASSAGES + 1)]
    chunks = [
        {"id": f"c-{n}-{place}", "text": passage(n, place), "speaker": PEOPLE[(n + place) % len(PEOPLE)]}
        for n, place in places
    ]
    nodes = [
        {
            "id": f"n{n}",
            "title": f"Year {n}",
            "summary": next(sentences(f"summary {n}")),
            "centrality_score": max(0, 1 - n / 10_000),
            "chunk_ids": [f"c-{n}-{place}" for place in range(1, PASSAGES + 1)],
        }
        for n in numbers
    ]
    return json.dumps({"book": {"title": "The River"}, "chunks": chunks, "nodes": nodes}).encode()
