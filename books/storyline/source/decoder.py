"""The one JSON decoder for uploads: what it is asked to read twice it reads alike."""

import math
from functools import cache
from json import JSONDecoder

# The most digits of a whole number that a float can still hold.
_DIGITS = 308


@cache
def lenient_decoder() -> JSONDecoder:
    """Return a decoder that reads NaN, Infinity and too large numbers as floats that are not finite."""
    return JSONDecoder(parse_int=whole_number, parse_constant=float)


def whole_number(digits: str) -> int | float:
    """Return a whole number; infinity where it is too large for a float."""
    # Python refuses to read integers of more than 4,300 digits, and databases lose such numbers anyway.
    return int(digits) if len(digits) <= _DIGITS else math.inf
