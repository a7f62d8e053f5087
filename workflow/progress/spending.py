"""Says what a session, a chapter, a book or an attempt has spent, in words for a person. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet, Sum
from django.utils.formats import number_format
from django.utils.translation import ngettext

from books.models import Book, Chapter
from workflow.contract.money import budget_words, money
from workflow.engine.budget.tally import SUMS, Tally, tally_of
from workflow.models import Attempt, ProcessingSession

Facts = list[tuple[str, str]]


@dataclass(frozen=True)
class Spent(Tally):
    """What calls of models came to, with the words in which a person reads it."""

    @property
    def has_calls(self) -> bool:
        """Whether any model was called."""
        return self.call_count > 0

    @property
    def sent(self) -> str:
        """Return "8,412", or that it is an estimate: "about 8,400, not reported"."""
        return self._tokens(self.input_tokens)

    @property
    def received(self) -> str:
        """Return the tokens received, likewise."""
        return self._tokens(self.output_tokens)

    @property
    def cached(self) -> str:
        """Return how many came from the provider's cache, "" where none did."""
        return number(self.cached_tokens) if self.cached_tokens else ""

    @property
    def cost(self) -> str:
        """Return "$0.84", "unknown", or what is known of it."""
        unpriced, calls = self.unpriced_count, self.call_count
        if unpriced and not self.spent_micros:
            return "unknown"
        amount = money(self.spent_micros)
        if unpriced:
            return f"{amount}, and {ngettext('%s call', '%s calls', unpriced) % number(unpriced)} of unknown price"
        return amount if calls else money(0)

    @property
    def doubt(self) -> str:
        """Say how much of it is our own estimate; "" where the servers reported everything."""
        count, calls = self.unreported_count, self.call_count
        if not count:
            return ""
        if count == calls:
            return "Not reported by the server: an estimate of ours."
        of = ngettext("%s call", "%s calls", calls) % number(calls)
        return f"{number(count)} of {of} not reported by the server: for these, an estimate of ours."

    def _tokens(self, count: int) -> str:
        return f"about {number(count)}" if self.unreported_count else number(count)


def number(count: int) -> str:
    """Return "8,412"."""
    return number_format(count, force_grouping=True)


def of_session(session: ProcessingSession) -> Spent:
    """Return what the session spent so far, from its own row."""
    return Spent.of(session)


def of_chapter(chapter: Chapter) -> Spent:
    """Return what all attempts at the chapter spent."""
    return _sum_of(Attempt.objects.filter(item__chapter=chapter))


def of_book(book: Book) -> Spent:
    """Return what all versions of the book spent."""
    return _sum_of(ProcessingSession.objects.filter(version__book=book))


def of_usage(usage: Mapping[str, object]) -> Spent:
    """Return what one attempt spent, from its usage."""
    return Spent(**vars(tally_of(usage)))


def _sum_of(rows: QuerySet[Attempt] | QuerySet[ProcessingSession]) -> Spent:
    sums = rows.aggregate(**{f"sum_{name}": Sum(name, default=0) for name in SUMS})
    return Spent(*(sums[f"sum_{name}"] for name in SUMS))


def budget_of(session: ProcessingSession) -> str:
    """Return "$5.00", "" without a budget."""
    return budget_words(session.budget_micros, session.budget_tokens)
