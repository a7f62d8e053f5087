"""The web server as it runs: what it keeps of a request, and that nothing large is read where boards are served."""

import http.client
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, children_of

pytestmark = pytest.mark.processes
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    with Installation(tmp_path_factory.mktemp("web"), workers=1) as installation:
        yield installation


@pytest.fixture(scope="module")
def cookie(site: Installation) -> str:
    return site.cookie()


def web_process(site: Installation) -> int:
    assert site.process
    for pid in children_of(site.process.pid):
        if b"chapterflow_site.web_server" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("no web server")


def most_memory(pid: int) -> int:
    """Return the most that the process has used, in bytes."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def post(
    site: Installation,
    path: str,
    size: int,
    headers: dict[str, str] | None = None,
    *,
    is_chunked: bool = False,
) -> int:
    """Send a form with one file of `size` bytes; return the status of the answer."""
    head = b'--river\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n\r\n'
    whole = [head, *[b"x" * MEGABYTE] * (size // MEGABYTE), b"x" * (size % MEGABYTE), b"\r\n--river--\r\n"]
    sent = {"Content-Type": "multipart/form-data; boundary=river", **(headers or {})}
    if not is_chunked:
        sent["Content-Length"] = str(sum(map(len, whole)))
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
    connection.request("POST", path, iter(whole), sent, encode_chunked=is_chunked)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")  # noqa: PTH110
class TestMemory:
    @pytest.mark.parametrize("is_chunked", [False, True])
    def test_large_form_of_nobody_is_refused_and_not_kept(self, site: Installation, is_chunked: bool) -> None:
        pid = web_process(site)
        post(site, "/sign-in/", 1_000)
        before = most_memory(pid)

        status = post(site, "/upload/", 190 * MEGABYTE, is_chunked=is_chunked)

        assert status == 413
        assert most_memory(pid) - before < 20 * MEGABYTE

    def test_large_form_of_a_forged_sign_in_is_refused_and_not_kept(
        self, site: Installation, cookie: str
    ) -> None:
        forged = re.sub(r"=\w+", "=forged", cookie)
        before = most_memory(web_process(site))

        assert post(site, "/upload/", 190 * MEGABYTE, {"Cookie": forged}) == 413
        assert post(site, "/api/books", 190 * MEGABYTE, {"Authorization": "Bearer forged"}) == 413
        assert most_memory(web_process(site)) - before < 20 * MEGABYTE

    def test_form_of_somebody_who_has_signed_in_is_not_read_into_memory(
        self, site: Installation, cookie: str
    ) -> None:
        before = most_memory(web_process(site))

        # Without the CSRF token Django reads the whole form to look for it, and goes no further.
        assert post(site, "/upload/", 42 * MEGABYTE, {"Cookie": cookie}) == 403
        assert most_memory(web_process(site)) - before < 20 * MEGABYTE


def test_form_beyond_the_limit_of_uploads_is_refused(site: Installation, cookie: str) -> None:
    assert post(site, "/upload/", 52 * MEGABYTE, {"Cookie": cookie}) == 413


def test_who_asks_before_sending_need_not_send(site: Installation) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=10)
    connection.putrequest("POST", "/upload/")
    connection.putheader("Content-Length", str(190 * MEGABYTE))
    connection.putheader("Expect", "100-continue")
    connection.endheaders()

    assert connection.getresponse().status == 413
    connection.close()
