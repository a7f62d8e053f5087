"""Answers of the scripted server that are one JSON object, for tests that say themselves what the model says."""

import json
from collections.abc import Callable, Mapping

import pytest

from tests.workflow.agents.llm.server import SCENARIOS, Play, ScriptedServer, Seen, chunk

Answer = Mapping[str, object] | str | Callable[[Seen], object]


def says(answer: Answer, reason: str = "stop") -> Callable[[Play], None]:
    """Return a scenario that answers with an object, with text, or with what a function makes of the request."""

    def play(play: Play) -> None:
        made = answer(play.seen) if callable(answer) else answer
        text = made if isinstance(made, str) else json.dumps(made)
        play.open()
        if "tools" in play.seen.body:
            function = {"name": "answer", "arguments": text}
            call = {"index": 0, "id": "call-1", "type": "function", "function": function}
            play.send(chunk({"tool_calls": [call]}))
        else:
            play.text(text)
        play.stop(reason)

    return play


def refuses_forms(answer: Answer) -> Callable[[Play], None]:
    """Return a scenario of an old server of llama.cpp: a plain 500 where a form is asked for."""

    def play(play: Play) -> None:
        if "response_format" in play.seen.body or "tools" in play.seen.body:
            play.error(500, "Internal Server Error")
        else:
            says(answer)(play)

    return play


class Script:
    """Sets what the server plays next, by name or by what it shall say."""

    def __init__(self, server: ScriptedServer, patch: pytest.MonkeyPatch) -> None:
        self.server = server
        self._patch = patch

    def play(self, *scenarios: str | Callable[[Play], None]) -> None:
        """Set what the next requests get; the last one for ever."""
        names = []
        for number, each in enumerate(scenarios):
            names.append(each if isinstance(each, str) else f"own scenario {number}")
            if not isinstance(each, str):
                self._patch.setitem(SCENARIOS, names[-1], each)
        self.server.play(*names)

    def say(self, *answers: Answer) -> None:
        """Let the next requests get these answers; the last one for ever."""
        self.play(*map(says, answers))
