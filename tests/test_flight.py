"""The benchmark of many chapters in flight: its scripted model is believed, and it measures a whole flight."""

import json
import urllib.request

import pytest

from tests.benchmarks.flight.answers import chapter, passages_of, pieces
from tests.benchmarks.flight.model import scripted_model
from tests.benchmarks.flight.whole_books import flown
from tests.benchmarks.flight.work import Plan, storyline
from tests.workflow.agents.llm.tasks import chunk, task
from workflow.agents.llm.answers import parse_answer
from workflow.agents.llm.prompt.messages import build_prompt

PASSAGES = {each["id"]: each["text"] for each in json.loads(storyline("b1", 1))["chunks"]}
CHUNKS = [chunk(number, text, key) for number, (key, text) in enumerate(PASSAGES.items())]
TASK = task(*CHUNKS)
KIND_OF_FLIGHT = {
    "workers": 2,
    "database": "sqlite",
    "settings": (),
    "minutes": 0.0,
    "in_flight": 0,
    "only": "",
}


def request(earlier: int = 0) -> dict[str, object]:
    prompt = build_prompt(task(*CHUNKS, number=earlier + 1, earlier=earlier))
    return {"messages": [{"content": prompt.system}, {"content": prompt.user}]}


@pytest.mark.parametrize("earlier", [0, 5])
def test_scripted_model_finds_the_passages_of_a_prompt(earlier: int) -> None:
    assert passages_of(request(earlier)) == PASSAGES


def test_what_the_scripted_model_says_is_accepted_as_it_is() -> None:
    accepted = parse_answer(chapter(PASSAGES), TASK)

    assert "length_fault" not in accepted.quality_metrics
    assert set(accepted.source_chunk_ids) == set(PASSAGES)


@pytest.mark.parametrize("count", [1, 75, 1_094, 2_000])
def test_text_comes_in_exactly_as_many_events_as_asked_for(count: int) -> None:
    text = chapter(PASSAGES)

    found = pieces(text, count)

    assert len(found) == count
    assert all(found)
    assert "".join(found) == text


def test_scripted_model_streams_a_whole_answer_and_counts_it() -> None:
    with scripted_model(seconds=0.4, tokens=60) as model:
        asked = urllib.request.Request(f"{model.url}/chat/completions", json.dumps(request()).encode())
        with urllib.request.urlopen(asked, timeout=30) as answer:
            lines = [line[6:] for line in answer.read().decode().splitlines() if line]
        [call] = model.calls()

        assert model.count("most") == 1

    assert lines.pop() == "[DONE]"
    choices = [choice for line in lines for choice in json.loads(line)["choices"]]
    assert "".join(each["delta"].get("content", "") for each in choices) == chapter(PASSAGES)
    assert [each["finish_reason"] for each in choices] == [*[None] * 60, "stop"]
    assert call.chapter == "b1-1-1"
    assert call.ended is not None
    assert call.ended - call.began >= 0.4


@pytest.mark.processes
def test_flight_of_two_books_is_measured() -> None:
    flight = flown(
        Plan(books=2, chapters=2, seconds=1.0, tokens=50, limit=120, **KIND_OF_FLIGHT), "sequential", 2.0
    )

    assert flight.completed is not None
    assert flight.completed >= flight.makespan >= flight.ideal
    assert (flight.written, flight.asked_again, flight.twice, flight.failed) == (4, 0, 0, 0)
    assert flight.most in {1, 2}
    assert flight.peak_mb >= flight.rest_mb > 100
    assert flight.processor > 0
