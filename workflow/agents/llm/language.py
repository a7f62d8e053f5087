"""Which language a chapter is to be in, and whether an answer is certainly in another one."""

import re

from books.text.citations import citation_marks, paragraphs, split_label
from books.text.detection import is_certainly_not, language_of
from books.text.sentences import sentence_spans
from books.text.tags import name_of, tag_named
from workflow.contract.agent_types import ChapterTask

_QUOTED = re.compile(r"“[^“”]*”|„[^“”„]*[“”]|\"[^\"]*\"|«[^«»]*»|»[^«»]*«|「[^「」]*」|『[^『』]*』|‹[^‹›]*›")
_FIRST_PART = re.compile(r"[^,;.(\n]+")
_QUOTE_LINE = re.compile(r"\s*>")


def wanted_language(task: ChapterTask) -> str:
    """Return the tag of the language that is wanted, "" where what the person says names none that we know."""
    wish = task.user_preferences.get("language")
    if isinstance(wish, str) and wish.strip():
        first = _FIRST_PART.match(wish.strip())
        return tag_named(wish) or (tag_named(first[0]) if first else "")
    return tag_named(str(task.book_metadata.get("language") or ""))


def wrong_language(markdown: str, task: ChapterTask) -> tuple[str, str] | None:
    """Return the names of the wanted and of the written language ("another language") where they certainly differ.

    What a chapter quotes does not count: it stands in the speakers' own language.
    """
    wanted = wanted_language(task)
    if not wanted:
        return None
    text = _own_words(markdown, task)
    if not is_certainly_not(text, wanted):
        return None
    found = language_of(text)
    return name_of(wanted), name_of(found) if found else "another language"


def _own_words(markdown: str, task: ChapterTask) -> str:
    sources = "\n".join(" ".join(chunk.text.split()) for chunk in task.text_chunks)
    said: list[str] = []
    for _, _, paragraph in paragraphs(markdown):
        if _QUOTE_LINE.match(paragraph):
            continue
        text = _QUOTED.sub(" ", _without_marks(paragraph[split_label(paragraph)[1] :]))
        sentences = (" ".join(text[start:end].split()) for start, end in sentence_spans(text))
        said += [sentence for sentence in sentences if sentence not in sources]
    return " ".join(said)


def _without_marks(paragraph: str) -> str:
    pieces, at = [], 0
    for start, end, _ in citation_marks(paragraph):
        pieces.append(paragraph[at:start])
        at = end
    return " ".join([*pieces, paragraph[at:]])
