"""What differs between two texts of a chapter, word by word, as safe HTML."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from html import escape

from django.utils.safestring import SafeString, mark_safe

from books.passages import paragraphs, unescape_markdown

# difflib is quadratic at its worst: beyond this many words a changed paragraph is shown as a whole.
COMPARED_WORDS = 1_500
_COMPARED_IN_ALL = 30_000

_TOKEN = re.compile(r"\s+|[^\W_]+(?:['’\-][^\W_]+)*|[^\s\w]|_")
_DECORATION = re.compile(r"(\\.)|^#{1,6}[ \t]+|^>[ \t]?|(?<=\S)\*+|\*+(?=\S)", re.MULTILINE)


def word_diff(old: str, new: str) -> SafeString:
    """Return the paragraphs of `new` with `<ins>` and `<del>` against `old`.

    Formatting is left out: two texts of the same words show no difference. Long changes are bounded.
    """
    before, after = _readable(old), _readable(new)
    left = _COMPARED_IN_ALL
    html: list[str] = []
    for a1, a2, b1, b2 in _aligned(before, after):
        if before[a1:a2] == after[b1:b2]:
            html += [f"<p>{escape(text)}</p>" for text in after[b1:b2]]
            continue
        for one, other in _paired(before[a1:a2], after[b1:b2]):
            words = len(one.split()) + len(other.split())
            left -= words
            html.append(f"<p>{_compare(one, other, in_detail=left > 0 and words <= COMPARED_WORDS)}</p>")
    return mark_safe("\n".join(html))  # noqa: S308 (every piece is escaped)


def _readable(markdown: str) -> list[str]:
    plain = (_DECORATION.sub(lambda match: match[1] or "", text) for _, _, text in paragraphs(markdown))
    return [unescape_markdown(text) for text in plain]


def _aligned(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    for _, a1, a2, b1, b2 in SequenceMatcher(None, before, after).get_opcodes():
        yield a1, a2, b1, b2


def _paired(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    for index in range(max(len(before), len(after))):
        yield before[index] if index < len(before) else "", after[index] if index < len(after) else ""


def _compare(old: str, new: str, *, in_detail: bool) -> str:
    if not in_detail or not old or not new:
        return _removed(old) + (" " if old and new else "") + _added(new)
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    head = _common_start(before, after)
    tail = _common_start(before[head:][::-1], after[head:][::-1])
    middle_before, middle_after = before[head : len(before) - tail], after[head : len(after) - tail]
    parts = [escape("".join(after[:head]))]
    gone: list[str] = []
    come: list[str] = []
    for kind, a1, a2, b1, b2 in SequenceMatcher(None, middle_before, middle_after).get_opcodes():
        both = "".join(middle_after[b1:b2]) if kind == "equal" else ""
        if both.strip():
            parts += [_removed("".join(gone)), _added("".join(come)), escape(both)]
            gone, come = [], []
        else:
            gone += middle_before[a1:a2]
            come += middle_after[b1:b2]
    parts += [_removed("".join(gone)), _added("".join(come)), escape("".join(after[len(after) - tail :]))]
    return "".join(parts)


def _common_start(before: Sequence[str], after: Sequence[str]) -> int:
    for index, (one, other) in enumerate(zip(before, after, strict=False)):
        if one != other:
            return index
    return min(len(before), len(after))


def _removed(text: str) -> str:
    return f"<del>{escape(text)}</del>" if text else ""


def _added(text: str) -> str:
    return f"<ins>{escape(text)}</ins>" if text else ""
