"""What the scripted model says: a chapter told from the passages that it was asked with, as the events of a stream."""

import json
import re
from collections.abc import Mapping, Sequence
from itertools import islice, pairwise

from tests.benchmarks.texts import sentences

WORDS = 750
TOLD, QUOTED = 4, 3
MARKER = "<<<CHAPTER-META>>>"
END = b"0\r\n\r\n"
_PASSAGE = re.compile(r"^\[([^\]\n]+)\][^\n]*\n([^\n]+)", re.MULTILINE)
_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")


def passages_of(body: Mapping[str, object]) -> dict[str, str]:
    """Return the passages of a request in OpenAI's chat form by their ids."""
    messages = body["messages"]
    assert isinstance(messages, list)
    return dict(_PASSAGE.findall("\n".join(str(each["content"]) for each in messages)))


def chapter(passages: Mapping[str, str]) -> str:
    """Return a chapter of about WORDS words, told and quoted by turns, with the closing block of a whole answer."""
    key = next(iter(passages))
    told = sentences(f"told {key}")
    said = {each: text.rstrip(".").split(". ") for each, text in passages.items()}
    paragraphs: list[str] = []
    words = turn = 0
    while words < WORDS:
        each = list(passages)[turn % len(passages)]
        first = QUOTED * (turn // len(passages))
        quoted = ". ".join(said[each][first : first + QUOTED])
        text = f"{' '.join(islice(told, TOLD))} {quoted + '.' if quoted else ''} [{each}]"
        paragraphs.append(text)
        words += len(text.split())
        turn += 1
    closing = {
        "title": f"What was told in {key}", "themes": ["river", "work"], "participants": [], "tags": ["river"],
        "source_chunk_ids": list(passages)[:turn], "confidence": 0.7,
    }  # fmt: skip
    return "\n\n".join([*paragraphs, f"{MARKER}\n{json.dumps(closing)}\n"])


def pieces(text: str, count: int) -> list[str]:
    """Return the text in exactly `count` pieces: its tokens, the longest halved or neighbours joined to fit."""
    tokens = _TOKEN.findall(text)
    while len(tokens) < count:
        longest = sorted(range(len(tokens)), key=lambda place: -len(tokens[place]))
        halved = {place for place in longest[: count - len(tokens)] if len(tokens[place]) > 1}
        if not halved:
            raise ValueError(f"{len(text)} characters are too few for {count} pieces")
        tokens = [part for place, token in enumerate(tokens) for part in _parts(token, place in halved)]
    edges = [place * len(tokens) // count for place in range(count + 1)]
    return ["".join(tokens[first:last]) for first, last in pairwise(edges)]


def _parts(token: str, is_halved: bool) -> Sequence[str]:
    middle = len(token) // 2
    return (token[:middle], token[middle:]) if is_halved else (token,)


def events(name: str, text: str, count: int, prompt_tokens: int) -> tuple[list[bytes], bytes]:
    """Return the stream's `count` events that have text, each a chunk of the transfer, and all that ends it."""
    base = {"id": name, "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
    before, _, after = json.dumps(
        {
            **base,
            "choices": [{"index": 0, "delta": {"content": "@"}, "logprobs": None, "finish_reason": None}],
        }
    ).partition('"@"')
    texts = [_chunk(f"{before}{json.dumps(piece)}{after}") for piece in pieces(text, count)]
    stop = {**base, "choices": [{"index": 0, "delta": {}, "logprobs": None, "finish_reason": "stop"}]}
    used = {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": count,
        "total_tokens": prompt_tokens + count,
    }
    usage = {**base, "choices": [], "usage": used}
    return texts, b"".join([_chunk(json.dumps(stop)), _chunk(json.dumps(usage)), _chunk("[DONE]"), END])


def _chunk(data: str) -> bytes:
    raw = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(raw), raw)
