"""Takes keys, and the book's own text, out of a provider's words."""

import os
import re

HIDDEN = "[hidden]"
LONGEST = 300
_WINDOW = 5
_SECRET_NAME = re.compile(r"key|token|secret|password|credential", re.IGNORECASE)
_SHORTEST_SECRET = 6
_AUTHORIZATION = re.compile(
    r"""((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:bearer|basic|token)\s+)?[^\s"',}]+""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer|basic)\s+[^\s\"',}]{6,}", re.IGNORECASE)
_NAMED = re.compile(
    r"""((?:api[-_ ]?key|access[-_ ]?key|key|token|secret|password)["']?(?:\s+provided)?\s*[:=]\s*["']?)[^\s"',&}]+""",
    re.IGNORECASE,
)
_USER_IN_URL = re.compile(r"(\w+://)[^\s/@]+@")
_KEY_FORMS = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|key)[-_][\w*.-]{6,}|\bAIza[\w*-]{10,}|\beyJ[\w-]{10,}\.[\w.-]+"
)
_LONG_TOKEN = re.compile(r"(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[A-Za-z0-9_+/-]{32,}=*")


def redact(text: str) -> str:
    """Return `text` without anything that is, or looks like, a key."""
    for secret in _secrets():
        text = text.replace(secret, HIDDEN)
    text = _AUTHORIZATION.sub(rf"\1{HIDDEN}", text)
    text = _BEARER.sub(rf"\1 {HIDDEN}", text)
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _USER_IN_URL.sub(rf"\1{HIDDEN}@", text)
    return _LONG_TOKEN.sub(HIDDEN, _KEY_FORMS.sub(HIDDEN, text))


def _secrets() -> list[str]:
    """Return the values of this process's own secrets, longest first, so that none is a part of what is left."""
    values = {
        value
        for name, value in os.environ.items()
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST_SECRET
    }
    return sorted(values, key=len, reverse=True)


def without_text(words: str, private: str) -> str:
    """Return `words` with every run of five or more words that stands in `private` replaced by an ellipsis."""
    said = words.split()
    known = f" {' '.join(private.split())} "
    hidden = [False] * len(said)
    for start in range(len(said) - _WINDOW + 1):
        if f" {' '.join(said[start : start + _WINDOW])} " in known:
            hidden[start : start + _WINDOW] = [True] * _WINDOW
    kept: list[str] = []
    for word, is_hidden in zip(said, hidden, strict=True):
        if not is_hidden:
            kept.append(word)
        elif not kept or kept[-1] != "…":
            kept.append("…")
    return " ".join(kept)


def safe_words(text: str, private: str = "") -> str:
    """Return a provider's words, fit for a log and a page: short, one line, no key, none of the book's text."""
    found = redact(without_text(text[: 20 * LONGEST], private))
    return found if len(found) <= LONGEST else f"{found[:LONGEST]}…"
