"""huey on SQLite with `fsync`: a pipeline, one worker process."""

import sys

import work
from huey import SqliteHuey
from huey.consumer_options import ConsumerConfig

huey = SqliteHuey("peer", filename=str(work.FOLDER / "huey.sqlite3"), fsync=True)


@huey.task()
def step(number: int) -> None:
    """Run one step."""
    work.run_step(number)


if __name__ == "__main__":
    if sys.argv[1] == "start":
        work.begin(0)
        pipeline = step.s(1)
        for number in range(2, work.STEPS + 1):
            pipeline.then(step, number)
        huey.enqueue(pipeline)
    else:
        config = ConsumerConfig(workers=1, worker_type="process", periodic=False)
        config.validate()
        huey.create_consumer(**config.values).run()
