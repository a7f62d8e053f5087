"""Makes text from outside fit for every database."""

import re

from .piles import without_piles

# What PostgreSQL cannot keep in text, or no reader can see.
_UNSTORABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def clean(text: str) -> str:
    """Remove characters that cannot be stored or seen, and marks that cover what stands around them."""
    return without_piles(_UNSTORABLE.sub("", text))
