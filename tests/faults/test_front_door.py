"""What a real web server answers to what never reaches the application, and what it leaves behind."""

import http.client
import re
import socket
import stat
from collections.abc import Iterator

import pytest

from tests.installation import Installation, wait_for

pytestmark = pytest.mark.faults

FIRST = b"GET /help/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running installation for all of them."""
    folder = tmp_path_factory.mktemp("site")
    with Installation(folder, workers=1, from_nothing=True, CHAPTERFLOW_CANARY_SECONDS="1") as running:
        yield running


def answer_to(site: Installation, head: bytes) -> bytes:
    """Send the head of a request, whole; return the answer, whole."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=20) as browser:
        browser.sendall(head)
        return b"".join(iter(lambda: browser.recv(65536), b""))


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (FIRST + b"X: " + b"x" * 64_000 + b"\r\n\r\n", b"431"),
        (FIRST + b"X: " + b"x" * 2_000_000 + b"\r\n\r\n", b"431"),
        (FIRST + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(64)) + b"\r\n", b"431"),
        (FIRST + b"X: 1\r\n" * 600 + b"\r\n", b"431"),
        (b"GET /help/?" + b"x" * 64_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"414"),
        (b"nonsense\r\n\r\n", b"400"),
        (FIRST + b"X: " + b"x" * 12_000 + b"\r\nConnection: close\r\n\r\n", b"200"),
    ],
    ids=["one long", "one very long", "many long", "many", "address", "nonsense", "fits"],
)
def test_a_head_that_is_too_large_is_answered(site: Installation, head: bytes, status: bytes) -> None:
    answer = answer_to(site, head)

    assert answer.startswith(b"HTTP/1.1 " + status), answer[:200]
    assert len(answer.partition(b"\r\n\r\n")[2]) > 20


def ask(site: Installation, method: str, path: str) -> http.client.HTTPResponse:
    """Send a request, without cookies; return the answer, whose body is read."""
    browser = http.client.HTTPConnection("127.0.0.1", site.port, timeout=20)
    browser.request(method, path)
    answer = browser.getresponse()
    answer.read()
    browser.close()
    return answer


def test_head_is_answered_as_get(site: Installation) -> None:
    got, headed = ask(site, "GET", "/help/"), ask(site, "HEAD", "/help/")

    assert (headed.status, headed.headers["Content-Length"]) == (200, got.headers["Content-Length"])
    assert "camera=()" in headed.headers["Permissions-Policy"]


def test_others_of_the_machine_read_nothing(site: Installation) -> None:
    wait_for(lambda: any(site.data_dir.rglob("answered")))  # what comes last: the first probe's return
    # Styles and scripts are everybody's.
    kept = [path for path in site.data_dir.rglob("*") if "static" not in path.parts and not path.is_socket()]
    open_to_others = {
        path.name: stat.filemode(path.stat().st_mode) for path in kept if path.stat().st_mode & 0o007
    }

    assert {"chapterflow.sqlite3", "secret_key", "address"} <= {path.name for path in kept}
    assert site.data_dir.stat().st_mode & 0o077 == 0
    assert open_to_others == {}
    assert stat.S_IMODE((site.data_dir / "chapterflow.sqlite3").stat().st_mode) == 0o600


def test_link_leads_to_where_it_runs_and_is_never_logged(site: Installation) -> None:
    link = site.command("sign_in_link")

    path = link.removeprefix(site.address)
    refused = ask(site, "POST", path)

    assert re.fullmatch(r"/sign-in/[\w-]{43}/", path)
    assert refused.status == 403
    assert "/sign-in/***/" in site.log.read_text()
    assert path not in site.log.read_text()
