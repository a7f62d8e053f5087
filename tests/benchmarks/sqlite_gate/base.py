"""SQLite's backend with a lock file around BEGIN IMMEDIATE … COMMIT, whose waiters the kernel wakes in order.

A prototype, for lock_waits.py alone: it waits without end for a holder that was stopped (SIGSTOP), where SQLite's
own waiting ends with “database is locked”.
"""

import fcntl
import os

from django.db.backends.sqlite3 import base


class DatabaseWrapper(base.DatabaseWrapper):
    """One descriptor for each connection and process: a forked one would share its parent's lock."""

    _gate = -1
    _gate_pid = 0

    def _start_transaction_under_autocommit(self) -> None:
        if self._gate_pid != os.getpid():
            name = f"{self.settings_dict['NAME']}.gate"
            self._gate = os.open(name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            self._gate_pid = os.getpid()
        fcntl.flock(self._gate, fcntl.LOCK_EX)
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._leave()
            raise

    def _commit(self) -> None:
        try:
            super()._commit()
        finally:
            self._leave()

    def _rollback(self) -> None:
        try:
            super()._rollback()
        finally:
            self._leave()

    def _close(self) -> None:
        try:
            super()._close()
        finally:
            self._leave()

    def _leave(self) -> None:
        if self._gate_pid == os.getpid():
            fcntl.flock(self._gate, fcntl.LOCK_UN)
