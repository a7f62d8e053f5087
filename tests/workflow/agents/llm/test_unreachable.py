"""Addresses where no provider answers: refused, unknown, not the one it says it is, no TLS at all."""

from collections.abc import Iterator

import pytest

from tests.workflow.agents.llm import matrix
from tests.workflow.agents.llm.addresses import ADDRESSES
from tests.workflow.agents.llm.wires import WIRES, Wire, WireServer

for _package in ("anthropic", "google.genai", "mistralai"):
    pytest.importorskip(_package)


@pytest.fixture(scope="module")
def server() -> Iterator[WireServer]:
    server = WireServer()
    yield server
    server.close()


@pytest.mark.parametrize("where", ADDRESSES)
@pytest.mark.parametrize("wire", WIRES.values(), ids=lambda wire: wire.kind)
def test_nobody_answers_there(wire: Wire, where: str, server: WireServer) -> None:
    place, words = ADDRESSES[where]
    with place() as address:
        outcome = matrix.run(matrix.Case(wire, where, "connection_refused", None, address), server)

    assert outcome.code == "connection_refused"
    assert outcome.error is not None
    assert words.lower() in outcome.error.message.lower()
