"""An installation that has nothing to do: how soon it is ready, and how much memory each process has."""

import time
from collections.abc import Iterator

from tests.benchmarks.tables import table

from .meter import named, processor_seconds_of, pss_of, tree_of
from .work import Plan, flying

QUIET_SECONDS = 10.0


def rest(plan: Plan) -> Iterator[str]:
    """Start it a second time, as on any day but the first, and let it be."""
    with flying(plan) as (site, _):
        site.stop()
        began = time.monotonic()
        site.start()
        ready = time.monotonic() - began
        time.sleep(QUIET_SECONDS)
        assert site.process is not None
        pids = tree_of(site.process.pid)
        rows = [
            [name, f"{pss_of(pid):.0f} MB", f"{processor_seconds_of(pid):.1f} s"]
            for pid, name in named(pids).items()
        ]
        total = sum(map(pss_of, pids))
    yield table(("process at rest", "PSS", "processor until now"), [*rows, ["all", f"{total:.0f} MB", ""]])
    yield f"\nready after {ready:.2f} s"
