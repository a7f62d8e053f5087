"""Memory that an upload took goes back to the machine."""

import ctypes


def give_back() -> None:
    """Have the C library give back what is free. By itself glibc keeps it, for each thread that read an upload."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
