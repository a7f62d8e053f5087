"""DBOS on SQLite: one workflow of steps. It stores each step's result itself, so the step only returns its 20 kB."""

import time

import work
from dbos import DBOS, SetWorkflowID

DBOS(
    config={
        "name": "peer",
        "system_database_url": f"sqlite:///{work.FOLDER / 'dbos.sqlite3'}",
        "log_level": "ERROR",
        "run_admin_server": False,
        "application_version": "1",
    }
)
times: list[tuple[int, float]] = []


@DBOS.step()
def step(number: int) -> str:
    """Run one step."""
    work.begin(number)
    times.append((number, time.time()))
    return work.BODY[:20_000]


@DBOS.workflow()
def chain(steps: int) -> None:
    """Run all steps, each after the one before."""
    for number in range(1, steps + 1):
        step(number)
    connection = work.connect()
    connection.executemany("INSERT INTO stored VALUES (?, ?, '')", times)


if __name__ == "__main__":
    DBOS.launch()
    work.begin(0)
    # The same id is the same workflow: after a crash it goes on where it was.
    with SetWorkflowID("chain"):
        DBOS.start_workflow(chain, work.STEPS).get_result()
    DBOS.destroy()
