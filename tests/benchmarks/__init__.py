"""Measurements, printed as tables. Never part of the test run; all traffic stays on loopback."""
