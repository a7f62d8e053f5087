"""Books whose chapters a test dictates, and models that judge them as it dictates."""

import json
import re
from collections.abc import Callable, Mapping, Sequence

from django.contrib.auth.models import User

from books.actions import upload_storyline
from tests.workflow.agents.llm.server import Seen
from workflow.actions import start_session
from workflow.contract.agent_types import ChapterTask, OnText
from workflow.models import ProcessingSession

WRITER = "python:tests.workflow.agents.llm.told_books:told"
TEXTS: dict[int, str] = {}
_BLOCK = re.compile(r"<<<BEGIN (?:CASE|CHAPTER) (\d+)>>>\n(.*?)\n<<<END", re.DOTALL)
SOURCE = "In the autumn of 1957 the mill at Hollin closed for good, and the men went to the town of Marsh."
BOOK = (
    "The mill at Hollin closed in the autumn of 1957, and nobody spoke of it. [c-1]",
    "It was a wet year. The mill at Hollin closed in the autumn of 1958. The men went home. [c-2]",
    "We saw Hollingworth at the weir, and old Hollingworth saw us. Then Hollingworth sang. [c-3]",
    "Then we met Hollingwerth at the gate. The ferry at Marsh carried forty sheep across that spring. [c-4]",
    "The bell of Lund weighed nine stone in the old days. [c-5]",
    "The ferry at Marsh carried thirty sheep across that spring. The bell of Lund weighed seven stone in the old "
    "days. [c-6]",
)


class ToldWriter:
    """Writes what a test has put into TEXTS."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        return {"markdown": TEXTS[task.chapter_number]}


def told() -> ToldWriter:
    """Make a ToldWriter."""
    return ToldWriter()


def told_session(
    owner: User, texts: Sequence[str] = BOOK, sources: Sequence[str] = (), summary: str = ""
) -> ProcessingSession:
    """Upload and start a book whose chapters are these texts; every source says when the mill closed."""
    TEXTS.clear()
    TEXTS.update(enumerate(texts, start=1))
    said = [*sources, *[SOURCE] * (len(texts) - len(sources))]
    document = {
        "book": {"title": "The Mill"},
        "chunks": [{"id": f"c-{n}", "text": text, "speaker": "Emm"} for n, text in enumerate(said, start=1)],
        "nodes": [
            {
                "id": f"n{n}",
                "title": f"Year {n}",
                "summary": summary,
                "centrality_score": 1 - n / 1000,
                "chunk_ids": [f"c-{n}"],
            }
            for n in range(1, len(texts) + 1)
        ],
    }
    version = upload_storyline(json.dumps(document).encode(), actor=owner, source_name="mill.json")
    session, _ = start_session(version, actor=owner, writer=WRITER, dependencies="sequential")
    return session


def blocks(seen: Seen) -> dict[int, str]:
    """Return what is shown in a request, by number."""
    return {int(number): text for number, text in _BLOCK.findall(str(seen.messages[-1]["content"]))}


def change(
    find: str, replace: str, chapter: int, severity: str = "major", reason: str = "The source says so."
) -> dict[str, object]:
    """Return a change as the model writes it."""
    return {"chapter": chapter, "find": find, "replace": replace, "reason": reason, "severity": severity}


def judges(*opinions: tuple[str, str, Mapping[str, object] | None]) -> Callable[[Seen], object]:
    """Return a model that says (verdict, change) of the first case that contains the words; "fine" of all others."""

    def answer(seen: Seen) -> object:
        said = []
        for number, text in blocks(seen).items():
            verdict, proposed = next(((v, c) for words, v, c in opinions if words in text), ("fine", None))
            said.append({"case": number, "verdict": verdict, "change": proposed})
        return {"judgements": said}

    return answer


def asks(*questions: Mapping[str, object]) -> Callable[[Seen], object]:
    """Return a model that asks these questions about the chapters that it is shown."""

    def answer(seen: Seen) -> object:
        shown = "\n".join(blocks(seen).values())
        return {"questions": [each for each in questions if f"Chapter {each['chapter']}:" in shown][:3]}

    return answer


def question(
    text: str, chapter: int = 1, quote: str = "closed for good", **more: object
) -> dict[str, object]:
    """Return a question as the model writes it."""
    return {
        "chapter": chapter,
        "chunk_id": f"c-{chapter}",
        "quote": quote,
        "category": "unclear_reason",
        "priority": "high",
        "text": text,
        "reason": "Nobody says it.",
        **more,
    }
