"""DBOS on SQLite, async: a workflow a book. It stores each step's text itself; the times are noted at the end."""

import asyncio
import time

import openai
import peer_work
from dbos import DBOS

DBOS(
    config={
        "name": "peer",
        "system_database_url": f"sqlite:///{peer_work.FOLDER / 'dbos.sqlite3'}",
        "log_level": "ERROR",
        "run_admin_server": False,
        "application_version": "1",
    }
)
client = openai.AsyncOpenAI(api_key="sk-scripted", base_url=peer_work.MODEL_URL, timeout=60)
ends: dict[tuple[int, int], float] = {}


@DBOS.step()
async def step(book: int, chapter: int) -> str:
    """Write a chapter."""
    parts = []
    async for each in await client.chat.completions.create(**peer_work.request_for(book, chapter)):
        parts += [(choice.delta.content, choice.finish_reason) for choice in each.choices]
    return peer_work.whole(parts)


@DBOS.workflow()
async def chain(book: int, chapters: int) -> None:
    """Write a book's chapters, each after the one before. That the next begins says that the one before is stored."""
    for chapter in range(chapters):
        await step(book, chapter)
        ends[book, chapter] = time.time()


async def main() -> None:
    """Write all books side by side."""
    DBOS.launch()
    connection = peer_work.connect()
    peer_work.wait_for_go()
    books = enumerate(peer_work.PROMPTS)
    handles = [await DBOS.start_workflow_async(chain, book, len(prompts)) for book, prompts in books]
    for handle in handles:
        await handle.get_result()
    rows = [(*which, at, "") for which, at in ends.items()]
    connection.executemany("INSERT INTO stored VALUES (?, ?, ?, ?)", rows)
    DBOS.destroy()


if __name__ == "__main__":
    asyncio.run(main())
