"""Celery on Redis: a chain, `acks_late`, `reject_on_worker_lost`, one process."""

import sys

import work
from celery import Celery, chain

app = Celery("celery_chain", broker=work.REDIS_URL, backend=work.REDIS_URL)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
)


@app.task(name="step")
def step(number: int) -> None:
    """Run one step."""
    work.run_step(number)


if __name__ == "__main__":
    if sys.argv[1] == "start":
        work.begin(0)
        chain(*(step.si(number) for number in range(1, work.STEPS + 1))).delay()
    else:
        app.worker_main(
            ["worker", "--concurrency=1", "--loglevel=ERROR", "--without-gossip", "--without-mingle"]
        )
