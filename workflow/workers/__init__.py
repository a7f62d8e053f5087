"""Keeps the processes running and the sessions moving: supervisor, pacemaker, watchdog, recovery."""
