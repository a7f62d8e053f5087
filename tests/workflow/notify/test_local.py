"""Notifications: heard at once, never waited for, never in the way."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from pytest_django import Settings

from workflow.live.swaps import preview_pieces
from workflow.notify import datagrams, local
from workflow.notify.local import Listener, NewEvents, Preview
from workflow.pages.board.preview import render_preview

SESSION = uuid4()


@pytest.fixture
def listener() -> Iterator[Listener]:
    hung_up = Listener()
    yield hung_up
    hung_up.close()


def test_every_listener_hears_the_notification(listener: Listener) -> None:
    other = Listener()

    local.send_events(str(SESSION), 41)

    assert listener.take() == [NewEvents(SESSION, 41)]
    assert other.take() == [NewEvents(SESSION, 41)]
    assert listener.take() == []
    other.close()


def test_ringing_without_listeners_does_nothing_and_costs_nothing() -> None:
    local.send_events(str(SESSION), 1)
    began = time.perf_counter()
    for _ in range(200):
        local.send_events(str(SESSION), 1)

    assert (time.perf_counter() - began) / 200 < 0.005
    assert not datagrams.folder().exists()


def test_a_full_listener_is_not_waited_for(listener: Listener) -> None:
    for number in range(5_000):
        local.send_events(str(SESSION), number)

    heard = listener.take()
    assert 0 < len(heard) < 5_000
    assert heard[0] == NewEvents(SESSION, 0)


def test_the_socket_of_a_process_that_is_gone_is_removed(listener: Listener) -> None:
    gone = datagrams.folder() / "4711-abcdef.bell"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(gone))

    local.send_events(str(SESSION), 7)

    assert not gone.exists()
    assert listener.take() == [NewEvents(SESSION, 7)]


def test_a_closed_listener_leaves_nothing_behind(listener: Listener) -> None:
    other = Listener()
    other.close()

    assert len(list(datagrams.folder().iterdir())) == 1


def test_the_folder_is_private(listener: Listener) -> None:
    assert datagrams.folder().stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_reach_into_is_refused() -> None:
    datagrams.folder().mkdir(mode=0o755)
    datagrams.folder().chmod(0o755)

    with pytest.raises(PermissionError):
        Listener()


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    datagrams.folder().symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PermissionError):
        Listener()


def test_a_long_data_directory_moves_the_sockets_to_a_short_one(settings: Settings, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / ("long" * 30)

    assert len(os.fsencode(datagrams.folder())) <= datagrams.LONGEST_FOLDER
    assert settings.INSTALLATION_ID in datagrams.folder().name
    assert str(os.getuid()) in datagrams.folder().name


def test_nonsense_is_not_heard(listener: Listener) -> None:
    path = next(datagrams.folder().iterdir())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stranger:
        for nonsense in (b"", b"R", b"T", b"x" * 900, b"R" * 26):
            stranger.sendto(nonsense, str(path))
    local.send_events(str(SESSION), 3)

    assert listener.take() == [NewEvents(SESSION, 3)]


@pytest.mark.parametrize(("session", "seq"), [("not-an-id", 1), (str(SESSION), -1), (str(SESSION), 2**70)])
def test_a_ring_that_cannot_be_told_never_raises(listener: Listener, session: str, seq: int) -> None:
    local.send_events(session, seq)

    assert listener.take() == []


def test_text_being_written_is_shown_from_its_end(listener: Listener) -> None:
    local.send_preview(str(SESSION), 6, "word " * 2_000 + "“comes” to its end")

    (preview,) = listener.take()
    assert isinstance(preview, Preview)
    assert (preview.session_id, preview.number, preview.word_count) == (SESSION, 6, 2_004)
    assert preview.ending.endswith("“comes” to its end")
    assert len(preview.ending) == local.SHOWN_CHARACTERS


def test_preview_is_plain_text_and_escaped() -> None:
    text = "## Bell\n\n**Emm:** It \\*rang\\*. … <b>Twice.</b> [c-004]\n\n*The end*"

    (html,) = preview_pieces({6: render_preview(Preview(SESSION, 6, 8, text))}).values()

    assert 'Bell</p><p dir="auto">Emm: It *rang*. … &lt;b&gt;Twice.&lt;/b&gt;</p>' in html
