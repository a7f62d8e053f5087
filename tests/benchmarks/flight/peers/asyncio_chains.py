"""The limit: one event loop, httpx and nothing else."""

import asyncio
import json

import httpx
import peer_work


async def text_of(client: httpx.AsyncClient, book: int, chapter: int) -> str:
    """Return a chapter's text."""
    parts: list[tuple[str | None, str | None]] = []
    request = peer_work.request_for(book, chapter)
    async with client.stream("POST", f"{peer_work.MODEL_URL}/chat/completions", json=request) as answer:
        async for line in answer.aiter_lines():
            if line.startswith("data: {"):
                choices = json.loads(line[6:])["choices"]
                parts += [(each["delta"].get("content"), each["finish_reason"]) for each in choices]
    return peer_work.whole(parts)


async def main() -> None:
    """Write all books side by side."""
    connection = peer_work.connect()
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(timeout=60, limits=limits, trust_env=False) as client:
        peer_work.wait_for_go()

        async def chain(book: int) -> None:
            for chapter in range(len(peer_work.PROMPTS[book])):
                peer_work.store(connection, book, chapter, await text_of(client, book, chapter))

        await asyncio.gather(*map(chain, range(len(peer_work.PROMPTS))))


if __name__ == "__main__":
    asyncio.run(main())
