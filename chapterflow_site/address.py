"""Under which address people reach the site, and where that is kept while it runs."""

import ipaddress
import json
import socket
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from . import env
from .private import private_file

ANYWHERE = {"0.0.0.0", "::", ""}  # noqa: S104  (compared, not bound)
DEFAULT = "http://127.0.0.1:8000"
_FILE = "address"
_PROBE_SECONDS = 1.0


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach the address."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def own_names() -> list[str]:
    """Return this machine's address towards others, and its name."""
    names = []
    with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        # Nothing is sent: the system only says which of its addresses it would send from.
        probe.connect(("192.0.2.1", 9))
        names.append(str(probe.getsockname()[0]))
    return [*names, socket.gethostname().lower()]


def allowed_names(host: str) -> list[str]:
    """Return what ALLOWED_HOSTS is where the site listens on `host`: what is set, or this machine's own names."""
    if env.text("ALLOWED_HOSTS") or is_loopback(host):
        return list(settings.ALLOWED_HOSTS)
    own = own_names() if host in ANYWHERE else [_in_address(host)]
    return list(dict.fromkeys([*own, *settings.ALLOWED_HOSTS]))


def site_address(host: str, port: int, allowed: list[str]) -> str:
    """Return the address that works: behind a proxy its own, else a name that is allowed, with the port."""
    if settings.SESSION_COOKIE_SECURE:  # behind the proxy of CHAPTERFLOW_HTTPS
        outside = [origin for origin in settings.CSRF_TRUSTED_ORIGINS if "*" not in origin]
        named = [f"https://{name}" for name in allowed if "*" not in name and not is_loopback(name)]
        return next(iter([*outside, *named]), f"http://{_in_address(host)}:{port}").rstrip("/")
    if host not in ANYWHERE:
        return f"http://{_in_address(host)}:{port}"
    wanted = own_names() if "*" in allowed else allowed
    names = [name.lstrip(".") for name in wanted if not is_loopback(name) and name != "*"]
    return f"http://{next(iter(names), '127.0.0.1')}:{port}"


def remember(address: str, host: str, port: int) -> None:
    """Keep the address of the running site for commands that print it."""
    path = private_file(_path())
    path.write_text(json.dumps({"address": address, "host": host, "port": port}), encoding="utf-8")


def forget() -> None:
    """The site runs no longer."""
    _path().unlink(missing_ok=True)


def running_address() -> tuple[str, bool]:
    """Return the address of the site, and whether something answers there now."""
    try:
        kept = json.loads(_path().read_text(encoding="utf-8"))
        address, host, port = str(kept["address"]), str(kept["host"]), int(kept["port"])
    except (OSError, ValueError, KeyError, TypeError):
        return DEFAULT, _answers("127.0.0.1", 8000)
    return address, _answers("127.0.0.1" if host in ANYWHERE else host, port)


def _answers(host: str, port: int) -> bool:
    with suppress(OSError), socket.create_connection((host, port), timeout=_PROBE_SECONDS):
        return True
    return False


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _path() -> Path:
    return Path(settings.DATA_DIR) / _FILE
