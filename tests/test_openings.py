"""Sockets that come together are opened a few at a time."""

import asyncio

import pytest

from chapterflow_site.web.request import Openings


@pytest.mark.asyncio
async def test_others_have_their_turn_between_openings() -> None:
    openings, order = Openings(), list[str]()

    for _ in range(25):
        openings.add(lambda: order.append("opening"))
    for _ in range(4):
        await asyncio.sleep(0)
        order.append("other")

    assert order.count("opening") == 25
    assert order.index("other") <= 10
