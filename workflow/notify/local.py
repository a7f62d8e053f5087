"""Notifies the web processes of this machine that a session has new events, by a Unix datagram to each.

A notification only says where to look. One that is lost costs the length of a poll, nothing else. `notify.redis`
carries the same datagrams to other machines.
"""

import struct
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from books.text.words import count_prose

from . import datagrams
from .redis import publish

# The name of before, like the letters below: processes of the release before listen and send during an upgrade.
SUFFIX = ".bell"
SHOWN_CHARACTERS = 1_200

_EVENTS = struct.Struct("!c16sQ")
_PREVIEW = struct.Struct("!c16sII")


@dataclass(frozen=True)
class NewEvents:
    """The notification that the session has events up to number `seq`."""

    session_id: UUID
    seq: int


@dataclass(frozen=True)
class Preview:
    """The end of the text of chapter `number` while it is written, and how many words it has; never stored."""

    session_id: UUID
    number: int
    word_count: int
    ending: str

    @classmethod
    def of(cls, session_id: UUID, number: int, text: str) -> "Preview":
        """Return the preview of `text`, which is all that is written so far."""
        return cls(session_id, number, count_prose(text), text[-SHOWN_CHARACTERS:])


def send_events(session_id: str, seq: int) -> None:
    """Notify all web processes that the session has events up to number `seq`. Never blocks, never raises."""
    # Called after a commit: the change is stored, so that no fault of a socket may become a fault of the change.
    with suppress(OSError, ValueError, struct.error):
        listening = datagrams.listening(SUFFIX)
        if listening or settings.REDIS_URL:
            _send(_EVENTS.pack(b"R", UUID(session_id).bytes, seq), listening)


def send_preview(session_id: str, number: int, text: str) -> None:
    """Send all web processes a preview of `text`, chapter `number` as far as it is written.

    Never blocks, never raises.
    """
    with suppress(OSError, ValueError, struct.error):
        listening = datagrams.listening(SUFFIX)
        if listening or settings.REDIS_URL:
            seen = Preview.of(UUID(session_id), number, text)
            head = _PREVIEW.pack(b"T", seen.session_id.bytes, number, seen.word_count)
            _send(head + seen.ending.encode("utf-8", "replace"), listening)


def _send(datagram: bytes, listening: list[str]) -> None:
    # Redis is told who has it already, so that a process of this machine does not act on it twice.
    publish(datagram, datagrams.send(datagram, listening))


class Listener:
    """Receives the notifications that other processes send to this one. Raises OSError where no socket can be made."""

    def __init__(self) -> None:
        self._receiver = datagrams.Receiver(SUFFIX)

    @property
    def name(self) -> str:
        """The name by which senders know it."""
        return self._receiver.name

    def fileno(self) -> int:
        """Return the descriptor to wait on."""
        return self._receiver.fileno()

    def take(self) -> list[NewEvents | Preview]:
        """Return all notifications since the last call, without waiting; those that cannot be read are left out."""
        return [news for news in map(read, self._receiver.take()) if news is not None]

    def close(self) -> None:
        """Stop listening and remove the socket."""
        self._receiver.close()


def read(datagram: bytes) -> NewEvents | Preview | None:
    """Return the notification that the datagram holds, or None where it cannot be read."""
    try:
        if datagram[:1] == b"R":
            _, session, seq = _EVENTS.unpack(datagram)
            return NewEvents(UUID(bytes=session), seq)
        if datagram[:1] == b"T":
            _, session, number, words = _PREVIEW.unpack_from(datagram)
            ending = datagram[_PREVIEW.size :].decode("utf-8", "replace")
            return Preview(UUID(bytes=session), number, words, ending)
    except struct.error:
        return None
    return None
