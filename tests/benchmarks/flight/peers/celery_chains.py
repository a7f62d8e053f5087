"""Celery on Redis, `acks_late`: a chain a book. The worker is Celery's own command; this as a script starts all."""

from functools import cache

import openai
import peer_work
from celery import Celery, chain
from celery.signals import worker_ready

app = Celery("celery_chains", broker=peer_work.REDIS_URL, backend=peer_work.REDIS_URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@cache
def client() -> openai.OpenAI:
    """Return the one client."""
    return openai.OpenAI(api_key="sk-scripted", base_url=peer_work.MODEL_URL, timeout=60)


@app.task(name="step")
def step(book: int, chapter: int) -> None:
    """Write a chapter and store it."""
    text = peer_work.text_by_openai(client(), book, chapter)
    connection = peer_work.connect()
    peer_work.store(connection, book, chapter, text)
    connection.close()


@worker_ready.connect
def now_ready(**given: object) -> None:
    """Say that the clock may begin."""
    peer_work.say_ready()


if __name__ == "__main__":
    peer_work.begin()
    for book, prompts in enumerate(peer_work.PROMPTS):
        chain(*(step.si(book, chapter) for chapter in range(len(prompts)))).delay()
