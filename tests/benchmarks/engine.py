"""Drives a book of dependent chapters of 20 kB in this process, and says what a chapter cost.

    .venv/bin/python -m tests.benchmarks.engine CHAPTERS

Run by the other benchmarks in an environment of `places`; prints one JSON object.
"""

import cProfile
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise

from .texts import storyline


def set_up() -> None:
    """Be a worker of a new installation."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "chapterflow_site.settings"
    os.environ["CHAPTERFLOW_PROCESS"] = "worker"
    os.environ["CHAPTERFLOW_WRITERS"] = "quotations,python:tests.benchmarks.writers:*,python:tests.writers:*"
    os.environ.setdefault("CHAPTERFLOW_SLICE_SECONDS", "600")
    import django
    from django.conf import settings
    from django.core.management import call_command

    options = settings.DATABASES["default"]["OPTIONS"]
    if os.environ.get("BENCHMARK_SYNCHRONOUS"):
        wanted = f"synchronous={os.environ['BENCHMARK_SYNCHRONOUS']}"
        options["init_command"] = options["init_command"].replace("synchronous=FULL", wanted)
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)


def write(chapters: int, around: Callable[[Callable[[], None]], None]) -> dict[str, float]:
    """Write a book of one chapter more, which stops the worker, and return a chapter's milliseconds (medians)."""
    os.environ["BENCHMARK_LAST"] = str(chapters + 1)
    from django.contrib.auth.models import User

    from books.actions import upload_storyline
    from workflow.actions import start_session
    from workflow.engine import advance
    from workflow.processes import stopping

    stopping.reset()
    person, _ = User.objects.get_or_create(username="benchmark")
    version = upload_storyline(storyline(chapters + 1), actor=person, source_name="river.json")
    session, _ = start_session(version, actor=person, writer="python:tests.benchmarks.writers:long")
    began = time.process_time()
    around(lambda: advance(session.pk))
    cpu_ms = (time.process_time() - began) * 1000 / (chapters + 1)
    events = session.events.order_by("seq")
    claimed = [event.at for event in events if event.kind == "chapter_claimed"]
    details = [event.detail for event in events if event.kind == "chapter_generated"]
    assert len(claimed) == len(details) == chapters + 1
    whole = [(after - before).total_seconds() * 1000 for before, after in pairwise(claimed)]
    names = ["context_ms", "writer_ms", "check_ms"]
    parts = {name: statistics.median(each[name] for each in details) for name in names}
    apart = [sum(each[name] for name in names) for each in details]
    own = [ms - other for ms, other in zip(whole, apart, strict=False)]
    # The first ones warm caches up.
    return {
        "whole_ms": statistics.median(whole[5:]),
        "engine_ms": statistics.median(own[5:]),
        "cpu_ms": cpu_ms,
        **parts,
    }


def main() -> None:
    """Run and print; with BENCHMARK_PROFILE, a profile is left in that file."""
    set_up()
    profile = os.environ.get("BENCHMARK_PROFILE")
    recorder = cProfile.Profile()
    write(10, lambda work: work())
    result = write(int(sys.argv[1]), recorder.runcall if profile else lambda work: work())
    if profile:
        recorder.dump_stats(profile)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
