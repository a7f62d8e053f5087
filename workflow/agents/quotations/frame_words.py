"""The few sentences of a chapter that are not quoted, as words of each language: a new language is data alone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FrameWords:
    """Patterns of whole sentences and what stands in them. Of two words the first is for one, the second for more."""

    # Up to ten, as they stand before "passages", and what parts thousands in greater ones.
    numbers: tuple[str, ...]
    thousands: str
    more: str
    last: str
    # What the chapter rests on.
    rests_on: str
    of_all: str
    passages: tuple[str, str]
    as_spoken: str
    as_recorded: str
    nobody: str
    voices: tuple[str, str]
    unnamed: str
    # Who was heard before.
    heard: tuple[str, str]
    again: tuple[str, str]
    both: str
    everybody: str
    all_but: str
    # Why nothing is quoted.
    nothing: str
    no_words: str
    no_text: str
    emptied: str
    summary_alone: str


ENGLISH = FrameWords(
    numbers=("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    thousands=",",
    more="{} more",
    last="and",
    rests_on="What follows rests on {cited}{of_all} {passages} of the record{order}; {voices}.",
    of_all=" of the {}",
    passages=("passage", "passages"),
    as_spoken=", in the order in which they were spoken",
    as_recorded=", in the order of the record",
    nobody="it does not say who speaks",
    voices=("the voice is {}", "the voices are {}"),
    unnamed=", besides words whose speaker it does not name",
    heard=("Chapter {number} heard {names}{again}.",) * 2,
    again=("; {} is heard again here", "; {} are heard again here"),
    both="both",
    everybody="all of them",
    all_but="all but {}",
    nothing="This storyline {reason}, so nothing is quoted here{rest}.",
    no_words="has source text without any words to quote",
    no_text="has no source text",
    emptied="tells of nothing but what is to be left out",
    summary_alone=": the summary above is all there is",
)
GERMAN = FrameWords(
    numbers=("null", "einer", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn"),
    thousands=".",
    more="{} weitere",
    last="und",
    rests_on="Was folgt, beruht auf {cited}{of_all} {passages} der Aufzeichnung{order}; {voices}.",
    of_all=" der {}",
    passages=("Stelle", "Stellen"),
    as_spoken=", in der Reihenfolge, in der sie gesprochen wurden",
    as_recorded=", in deren Reihenfolge",
    nobody="wer spricht, sagt sie nicht",
    voices=("es spricht {}", "es sprechen {}"),
    unnamed=", dazu kommen Worte, deren Sprecher sie nicht nennt",
    heard=(
        "In Kapitel {number} kam {names} zu Wort{again}.",
        "In Kapitel {number} kamen {names} zu Wort{again}.",
    ),
    again=("; {} kommt hier wieder zu Wort", "; {} kommen hier wieder zu Wort"),
    both="beide",
    everybody="alle",
    all_but="alle bis auf {}",
    nothing="Dieser Erzählstrang {reason}, deshalb steht hier kein Zitat{rest}.",
    no_words="hat einen Quelltext ohne ein Wort, das sich zitieren ließe",
    no_text="hat keinen Quelltext",
    emptied="erzählt nur von dem, was ausgelassen werden soll",
    summary_alone=": mehr als die Zusammenfassung oben gibt es nicht",
)
OF_LANGUAGE = {"en": ENGLISH, "de": GERMAN}
