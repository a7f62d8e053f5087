"""Checks a language model's proposals: each becomes a finding, is refused with a reason, or is dropped."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from books.text.sentences import sentence_spans
from workflow.contract.agent_types import SourceChunk

from .cases import FACTS, Case, Side
from .facts import ChapterText
from .opinions import Proposal
from .rules import repeated_sentences
from .rules.catalogue import MODEL
from .statements import meaning_of, words_in
from .types import Finding
from .wording import has_address, has_leak, is_fact, is_fit_to_show, token, tokens, unknown_facts

LONGER_BY_AT_MOST = 40
LONGER_AT_MOST = 2.0
SHORTER_AT_MOST = 0.25
NAMED = 3
REFUSED = "refused"
_SIGNS = "`*_#<>|[]~\\{}$"
_QUOTES = '"“”„«»'
_BLOCK = re.compile(r"\A\s*(?:[-+=]|\d{1,3}[.)])\s")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True)
class Refused:
    """A proposal that is not taken, and why: listed, so that a person can look."""

    finding: Finding
    why: str


class _Refusal(Exception):
    """Why a proposal cannot be taken, in words for the person."""


@dataclass(frozen=True)
class Checker:
    """A chapter and what its texts may be compared with. `instructions` are ours, and must not come back."""

    text: ChapterText
    chunks: Sequence[SourceChunk]
    instructions: str = ""

    def check(self, proposal: Proposal, case: Case) -> Finding | Refused | None:
        """Return the finding, or what was refused; None where the case has not this chapter, or nothing changes."""
        sides = case.sides_in(self.text.number)
        if not sides or not proposal.find.strip() or _plain(proposal.find) == _plain(proposal.replace):
            return None
        try:
            start, end = self._place(proposal.find, sides)
            self._check_place(start, end)
            self._check_words(self.text.markdown[start:end], proposal.replace, case)
        except _Refusal as refusal:
            return Refused(self._refused(proposal, case, sides[0]), str(refusal))
        return self._finding(start, end, proposal, case)

    def _place(self, find: str, sides: Iterable[Side]) -> tuple[int, int]:
        """Return where the words stand: the only place in what was shown, however white space is written there."""
        pattern = re.compile(r"\s+".join(map(re.escape, find.split())))
        left = r"(?<!\w)" if find.strip()[0].isalnum() else ""
        right = r"(?!\w)" if find.strip()[-1].isalnum() else ""
        whole = re.compile(left + pattern.pattern + right)
        for spans in (
            [(side.start, side.end) for side in sides],
            [(side.first, side.last) for side in sides],
        ):
            places = {
                match.span()
                for first, last in spans
                for match in whole.finditer(self.text.markdown, first, last)
            }
            if len(places) == 1:
                return places.pop()
            if places:
                raise _Refusal(
                    "These words occur more than once there, so it is not clear which place is meant."
                )
        raise _Refusal("These words do not stand in the sentences that were compared.")

    def _check_place(self, start: int, end: int) -> None:
        if not self.text.is_free(start, end):
            raise _Refusal("It would change a quotation from a source, or a mark that leads to one.")

    def _check_words(self, find: str, replace: str, case: Case) -> None:
        _check_form(find, replace)
        _check_length(find, replace, case)
        if has_leak(replace, self.instructions):
            raise _Refusal("It contains words that are no part of a book.")
        known = self._known(case)
        old = unknown_facts(find, known)
        new = [word for word in unknown_facts(replace, known) if word not in old]
        if new:
            listed = ", ".join(f"“{word}”" for word in dict.fromkeys(new[:NAMED]))
            raise _Refusal(
                f"It brings in {listed}, which neither the chapter’s sources nor the other chapter have."
            )

    def _known(self, case: Case) -> set[str]:
        """Return every name and number that may be used: of the chapter's sources and of what was compared."""
        shown = [text for side in case.sides for text in (side.before, side.text, side.after, side.source)]
        if case.finding:
            shown += [case.finding.find, case.finding.replace or ""]
        said = [text for chunk in self.chunks for text in (chunk.text, chunk.speaker, *chunk.speakers)]
        return set(tokens("\n".join([*shown, *said])))

    def _finding(self, start: int, end: int, proposal: Proposal, case: Case) -> Finding:
        start, end, replace = _trimmed(self.text.markdown, start, end, proposal.replace)
        find = self.text.markdown[start:end]
        decided = self._sources_decide(find, replace, case)
        return Finding(
            chapter=self.text.number,
            rule=MODEL,
            find=find,
            replace=replace,
            start=start,
            end=end,
            reason=_reason(proposal.reason, case, self.instructions),
            severity=proposal.severity,
            evidence={**_evidence(case), "sources_decide": decided},
            automatic=decided and proposal.severity == "major",
        )

    def _refused(self, proposal: Proposal, case: Case, side: Side) -> Finding:
        return Finding(
            chapter=self.text.number,
            rule=MODEL,
            find=proposal.find,
            replace=proposal.replace,
            start=side.start,
            end=side.end,
            reason=_reason(proposal.reason, case, self.instructions),
            severity=proposal.severity,
            evidence={**_evidence(case), REFUSED: True},
            automatic=False,
        )

    def _sources_decide(self, find: str, replace: str, case: Case) -> bool:
        """Say whether only names or numbers change, from ones that the chapter's sources nowhere have.

        To ones that a sentence of these sources has which tells the same: it shares two words.
        """
        out, into = _difference(find, replace)
        if not out or not into or not all(map(is_fact, [*out, *into])):
            return False
        said = "\n".join(chunk.text for chunk in self.chunks)
        if set(tokens(said)) & {token(word) for word in out}:
            return False
        side = case.sides_in(self.text.number)[0]
        return any(_tells_the_same(each, side, into) for each in _sentences(self.chunks))


def _sentences(chunks: Sequence[SourceChunk]) -> Iterable[str]:
    for chunk in chunks:
        yield from (chunk.text[start:end] for start, end in sentence_spans(chunk.text))


def _tells_the_same(sentence: str, side: Side, into: Sequence[str]) -> bool:
    has_all = {token(word) for word in into} <= set(tokens(sentence))
    shared = meaning_of(sentence) & meaning_of(side.text)
    return has_all and len(shared) >= 2


def _difference(find: str, replace: str) -> tuple[list[str], list[str]]:
    """Return the words that go and those that come, if all others stay in their order; else none."""
    old, new = words_in(find), words_in(replace)
    out = [word for word in old if word not in new]
    into = [word for word in new if word not in old]
    if [word for word in old if word in new] != [word for word in new if word in old]:
        return [], []
    return out, into


def _check_form(find: str, replace: str) -> None:
    is_broken = "\n" in replace and "\n" not in find
    if is_broken or (_BLOCK.match(replace) and not _BLOCK.match(find)):
        raise _Refusal("It would change how the text is laid out.")
    if any(replace.count(sign) > find.count(sign) for sign in _SIGNS):
        raise _Refusal("It would bring in signs that change how the text is laid out, or a citation.")
    if any(replace.count(sign) > find.count(sign) for sign in _QUOTES):
        raise _Refusal("It would put words between quotation marks that nobody may have said.")
    if has_address(replace) and not has_address(find):
        raise _Refusal("It contains an address.")


def _check_length(find: str, replace: str, case: Case) -> None:
    most = max(len(find) * LONGER_AT_MOST, len(find) + LONGER_BY_AT_MOST)
    if len(replace) > most:
        raise _Refusal("It is much longer than the words that it would replace.")
    is_repetition = case.kind == repeated_sentences.RULE.key
    if len(replace) < len(find) * SHORTER_AT_MOST and not is_repetition:
        raise _Refusal("It would take out more than it corrects.")


def _trimmed(markdown: str, start: int, end: int, replace: str) -> tuple[int, int, str]:
    """Leave out whole words that both texts begin or end with, as long as something stays to be found."""
    find = markdown[start:end]
    replace = replace.strip() if find == find.strip() else replace
    left = _common(find, replace)
    while left and not (find[left - 1].isspace()):
        left -= 1
    right = _common(find[left:][::-1], replace[left:][::-1])
    while right and not find[len(find) - right].isspace():
        right -= 1
    if not find[left : len(find) - right].strip():
        return start, end, replace
    return start + left, end - right, replace[left : len(replace) - right]


def _common(one: str, other: str) -> int:
    length = min(len(one), len(other))
    return next((at for at in range(length) if one[at] != other[at]), length)


def _plain(text: str) -> str:
    return _SPACES.sub(" ", text).strip()


def _reason(said: str, case: Case, instructions: str) -> str:
    """Return the model's reason; in its place what was found, where it is none that a person should read."""
    plain = _plain(said)
    return plain if plain and is_fit_to_show(plain, instructions) else case.told


def _evidence(case: Case) -> dict[str, object]:
    others = [{"chapter": side.chapter, "text": side.text} for side in case.sides[1:]]
    told = {"found": case.told} if case.kind == FACTS or case.finding else {}
    return {"kind": case.kind, "others": others, **told}
