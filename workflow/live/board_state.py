"""Holds one session's board as this process's viewers have it, and brings it up to date from the database."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.safestring import SafeString

from workflow.contract.states import ItemStatus
from workflow.models import Event, ProcessingSession
from workflow.notify.local import Preview
from workflow.pages.board.board import Board, read_board
from workflow.pages.board.cards import Card, DisplayStatus
from workflow.pages.board.lane import Lane, written_now
from workflow.pages.board.markup import BoardPart, BoardView, parts_of
from workflow.pages.board.preview import read_previews, render_preview
from workflow.pages.board.tabs import count_waiting
from workflow.progress.activity import describe_all
from workflow.progress.rows import read_rows

from . import swaps
from .outbox import PIECES_PER_MESSAGE

# Beyond so many missed events a viewer gets every card rather than those that changed.
MISSED_AT_MOST = 200
# Beyond so many changes at once none is marked as new: a whole board that flashes says nothing.
NEWS_AT_MOST = 20


@dataclass(frozen=True)
class Update:
    """What viewers lack: pieces by element id, the mark of how far they are with them, and all of it as one message."""

    pieces: dict[str, str]
    seq: str
    ready: str | None


class BoardState:
    """The state of one session's board. Every viewer has been sent it, or has it in the outbox. Used by one thread."""

    def __init__(self, session_id: UUID) -> None:
        self._session_id = session_id
        session = ProcessingSession.objects.select_related("version__book").get(pk=session_id)
        self._version = session.version
        self._board = read_board(session)
        self._waiting = count_waiting(self._board.session)
        self._parts: dict[BoardView, dict[str, BoardPart]] = {}
        self._texts: dict[int, Preview] = {}
        self._shown: frozenset[int] = frozenset()

    @property
    def seq(self) -> int:
        """The number of the newest Event that the state includes."""
        return self._board.seq

    def advance(self, board_views: Collection[BoardView]) -> dict[BoardView, Update]:
        """Read the new events. Returns what each view's viewers lack; nothing where nothing happened.

        Raises ProcessingSession.DoesNotExist where the session was deleted.
        """
        self._parts = {
            board_view: parts for board_view, parts in self._parts.items() if board_view in board_views
        }
        session = self._read_session()
        if session.event_seq == self.seq:
            return {}
        before, lane = self._board.cards, written_now(self._board)
        self._board = self._newer(session)
        changed = [card for number, card in self._board.cards.items() if before.get(number) != card]
        self._forget_texts(before, changed)
        lane_now = written_now(self._board)
        now = {} if lane_now == lane else swaps.now_piece(self._board, self._rendered(_numbers_in(lane_now)))
        return {board_view: self._news(board_view, changed, now) for board_view in board_views}

    def show(self, preview: Preview) -> dict[str, str]:
        """Keep the preview of a chapter's text. Returns the piece that shows it. Called from the event loop's thread.

        A chapter whose claim no viewer has been offered yet has no element to fill, and neither has one for which the
        lane has no room: its text is shown once it comes into the lane.
        """
        self._texts[preview.number] = preview
        # Of a hundred chapters that are being written the lane shows a few: the others are not rendered.
        return swaps.preview_pieces(self._rendered(self._shown & {preview.number}))

    def note_offered(self) -> None:
        """Note that all viewers have been offered the state. Called from the event loop's thread."""
        self._shown = _numbers_in(written_now(self._board))

    def _rendered(self, numbers: Collection[int]) -> dict[int, SafeString]:
        # A copy: the event loop's thread may add to it meanwhile.
        texts = dict(self._texts)
        return {number: render_preview(texts[number]) for number in numbers if number in texts}

    def _forget_texts(self, before: Mapping[int, Card], changed: Collection[Card]) -> None:
        for card in changed:
            # Without this, the text of a failed attempt would stand there until the next one has written something.
            earlier = before.get(card.number)
            is_new_attempt = earlier is not None and earlier.since is not None and earlier.since != card.since
            if card.look is not DisplayStatus.IN_PROGRESS or is_new_attempt:
                self._texts.pop(card.number, None)

    def catch_up(self, since: int | None, board_view: BoardView) -> Update:
        """Return what a viewer lacks whose page shows all up to event `since`.

        None, a number from the future and one from long ago mean everything. The text so far of every chapter in
        progress goes along: the viewer may have missed some of it, and the next preview may take long.
        """
        self._parts[board_view] = parts_of(self._board, board_view, self._waiting)
        texts = self._read_texts()
        if since == self.seq:
            return self._packed(swaps.preview_pieces(texts))
        missed = self._missed(since)
        cards = [card for number, card in self._board.cards.items() if missed is None or number in missed]
        top = swaps.changed_pieces({}, self._parts[board_view])
        now = swaps.now_piece(self._board, texts)
        return self._packed({**top, **swaps.card_pieces(cards, board_view, is_news=False), **now})

    def _read_texts(self) -> dict[int, SafeString]:
        """Return the texts so far of the chapters in progress; without such a chapter it asks nothing."""
        shown = _numbers_in(written_now(self._board))
        if not shown:
            return {}
        # What came by notification is newer than what the attempt's checkpoint keeps every two seconds.
        texts = {**read_previews(self._session_id), **self._rendered(shown)}
        return {number: html for number, html in texts.items() if number in shown}

    def _read_session(self) -> ProcessingSession:
        session = ProcessingSession.objects.get(pk=self._session_id)
        # The book and its version are read once: following takes half the time so, and a new title waits for a reload.
        session.version = self._version
        return session

    def _newer(self, session: ProcessingSession) -> Board:
        """Read the rows that the new events are about; an event without a chapter may have changed them all."""
        events: list[Event] = []
        if 0 < session.event_seq - self.seq <= MISSED_AT_MOST:
            new = Event.objects.filter(session=session, seq__gt=self.seq, seq__lte=session.event_seq)
            events = list(new.order_by("seq").select_related("item", "actor"))
        if not events or any(_is_about_more(event) for event in events):
            self._waiting = count_waiting(session)
        if not events or any(event.item_id is None for event in events):
            return read_board(session)
        rows = read_rows(self._session_id, {event.item_id for event in events if event.item_id is not None})
        return self._board.with_changes(session, rows, describe_all(events))

    def _missed(self, since: int | None) -> set[int] | None:
        """Return the numbers of the chapters that changed after `since`; None for all of them."""
        if since is None or not 0 <= self.seq - since <= MISSED_AT_MOST:
            return None
        events = Event.objects.filter(session_id=self._session_id, seq__gt=since)
        # A failed chapter changes the cards of all that wait for it, and so does one that is pending again.
        failing = {ItemStatus.FAILED.value} | ({ItemStatus.PENDING.value} if self._board.blocked else set())
        numbers: set[int] = set()
        for number, *move in events.values_list("item__number", "from_status", "to_status"):
            if number is None or not failing.isdisjoint(move):
                return None
            numbers.add(number)
        return numbers

    def _news(self, board_view: BoardView, changed: Collection[Card], now: Mapping[str, str]) -> Update:
        parts = parts_of(self._board, board_view, self._waiting)
        pieces = swaps.changed_pieces(self._parts.get(board_view, {}), parts)
        self._parts[board_view] = parts
        is_news = len(changed) <= NEWS_AT_MOST
        return self._packed({**swaps.card_pieces(changed, board_view, is_news=is_news), **pieces, **now})

    def _packed(self, pieces: dict[str, str]) -> Update:
        seq = swaps.seq_piece(self._board)
        ready = "".join(pieces.values()) + seq if len(pieces) <= PIECES_PER_MESSAGE else None
        return Update(pieces, seq, ready)


def _numbers_in(lane: Lane) -> frozenset[int]:
    """Return the chapters of the lane whose text the pages have an element for."""
    return frozenset(card.number for card in lane.cards if card.since)


def _is_about_more(event: Event) -> bool:
    """Return whether the event may change how many changes and questions wait."""
    return event.item_id is None or event.kind.startswith("change")
