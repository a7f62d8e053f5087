"""The few German sentences of a chapter that are not quoted, as `frame` has them in English."""

from collections.abc import Sequence

from books.passages import escape_markdown
from workflow.agents.quotations.frame import NAMES_SHOWN, heard_before
from workflow.agents.types import ChapterContext

_NUMBERS = ("null", "einer", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn")


def counting_sentence(cited: int, given: int, voices: Sequence[str], *, unnamed: bool, in_order: bool) -> str:
    """Say how many of the record's passages are quoted, in which order, and whose voices they are."""
    of_all = f" der {_number(given)}" if given > cited else ""
    noun = "Stelle" if cited == 1 and not of_all else "Stellen"
    order = ""
    if cited > 1:
        order = ", in der Reihenfolge, in der sie gesprochen wurden" if in_order else ", in deren Reihenfolge"
    return f"Was folgt, beruht auf {_number(cited)}{of_all} {noun} der Aufzeichnung{order}; {_voices(voices, unnamed)}."


def earlier_voices(context: ChapterContext, voices: Sequence[str]) -> str:
    """Say who was heard in the nearest earlier chapter, and who of them is heard again; "" if nobody was."""
    number, heard = heard_before(context)
    if not heard:
        return ""
    again = [name for name in heard if name in voices]
    verb = "kam" if len(heard) == 1 else "kamen"
    return f"In Kapitel {number} {verb} {join_names(heard)} zu Wort{_again(heard, again)}."


def no_quotes_sentence(*, has_text: bool, has_summary: bool, emptied: bool = False) -> str:
    """Say plainly that nothing is quoted, and why. `emptied`: passages were left out on the person's wish."""
    reason = (
        "hat einen Quelltext ohne ein Wort, das sich zitieren ließe" if has_text else "hat keinen Quelltext"
    )
    rest = ": mehr als die Zusammenfassung oben gibt es nicht" if has_summary else ""
    if emptied:
        reason = "erzählt nur von dem, was ausgelassen werden soll"
    return f"Dieser Erzählstrang {reason}, deshalb steht hier kein Zitat{rest}."


def join_names(names: Sequence[str]) -> str:
    """Return "A, B und C" as Markdown; of many names the first few and the number of the others."""
    shown = [escape_markdown(name) for name in names]
    if len(shown) > NAMES_SHOWN + 1:
        shown = [*shown[:NAMES_SHOWN], f"{_number(len(names) - NAMES_SHOWN)} weitere"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} und {shown[-1]}"


def _again(heard: Sequence[str], again: Sequence[str]) -> str:
    if not again:
        return ""
    who = join_names(again)
    if len(again) == len(heard) > 1:
        who = "beide" if len(again) == 2 else "alle"
    return f"; {who} {'kommt' if len(again) == 1 else 'kommen'} hier wieder zu Wort"


def _voices(voices: Sequence[str], unnamed: bool) -> str:
    if not voices:
        return "wer spricht, sagt sie nicht"
    verb = "es spricht" if len(voices) == 1 else "es sprechen"
    rest = ", dazu kommen Worte, deren Sprecher sie nicht nennt" if unnamed else ""
    return f"{verb} {join_names(voices)}{rest}"


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else f"{count:,}".replace(",", ".")
