"""Lets a Python process live by a wall clock that a test sets; put before everything else on PYTHONPATH.

The file that CHAPTERFLOW_TEST_CLOCK names says how many seconds it is ahead of the machine's. Waiting is not touched:
monotonic time goes on as it does when somebody sets a real clock.
"""

import os
import threading
import time
from pathlib import Path

import time_machine

FILE = Path(os.environ["CHAPTERFLOW_TEST_CLOCK"])
LOOK_SECONDS = 0.02


class Follower:
    """Follows the file in a thread; a forked process begins its own."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._clock = time_machine.travel(time.time(), tick=True).start()
        self.look()
        os.register_at_fork(after_in_child=self.begin)
        self.begin()

    def begin(self) -> None:
        """Begin to follow."""
        threading.Thread(target=self._follow, daemon=True, name="clock").start()

    def look(self) -> None:
        """Set the clock as the file says."""
        ahead = float(FILE.read_text())
        if ahead != self._ahead:
            self._clock.shift(ahead - self._ahead)
            self._ahead = ahead

    def _follow(self) -> None:
        while True:
            self.look()
            time.sleep(LOOK_SECONDS)


Follower()
