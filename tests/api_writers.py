"""Chapter Writers for the tests of the API, for `python:tests.api_writers:…`."""

from workflow.contract.agent_types import AgentError, ChapterTask, OnText

BROKEN = "Broken"


class TitleWriter:
    """Writes one cited sentence; fails, at once and for good, on chapters whose title begins with “Broken”."""

    def write(self, task: ChapterTask, on_text: OnText) -> dict[str, object]:
        if task.title.startswith(BROKEN):
            raise AgentError("bad_credentials", "the key was refused")
        marks = " ".join(f"[{chunk.id}]" for chunk in task.text_chunks)
        return {"content": f"“{task.text_chunks[0].text}” {marks}"}


def fails_on_title() -> TitleWriter:
    """Make a TitleWriter."""
    return TitleWriter()
