"""Reads the environment (and `.env`) into typed values: the only module that looks at `os.environ` for settings."""

import hashlib
import os
import secrets
from decimal import Decimal, InvalidOperation
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from .private import private_file

# A network that has gone silent is noticed within about a minute instead of hours.
PATIENCE = {
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}
TRUE = {"1", "true", "yes", "on"}


def load_dotenv(path: Path) -> None:
    """Put `NAME=value` lines of `path` into the environment; what is set already wins."""
    if not path.is_file():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        name, separator, value = line.partition("=")
        if separator and not name.lstrip().startswith("#"):
            os.environ.setdefault(name.removeprefix("export ").strip(), value.strip().strip("\"'"))


def text(name: str, default: str = "") -> str:
    """Return the variable's text, or `default` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def integer(name: str, default: int) -> int:
    """Return the variable as a whole number."""
    value = text(name)
    if not value:
        return default
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not “{value}”.") from None


def boolean(name: str, default: bool = False) -> bool:
    """Return whether the variable says yes."""
    value = text(name)
    return value.lower() in TRUE if value else default


def words(name: str, default: str = "") -> list[str]:
    """Return a comma list as its non-empty parts."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def prices(name: str) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Return `model=in/out` or `model=in/out/cached` of a comma list: dollars per million tokens.

    Without a price of its own, what comes from a cache costs as much as what does not.
    """
    found = {}
    for entry in words(name):
        model, separator, amounts = entry.rpartition("=")
        try:
            stated = [Decimal(amount) for amount in amounts.split("/")]
        except InvalidOperation:
            stated = []
        fits = separator and model.strip() and len(stated) in {2, 3}
        if not fits or not all(amount.is_finite() and amount >= 0 for amount in stated):
            raise ImproperlyConfigured(
                f"{name} lists prices as model=in/out, in dollars per million tokens: “{entry}” is none."
            )
        found[model.strip()] = (stated[0], stated[1], stated[-1] if len(stated) == 3 else stated[0])
    return found


def budget(name: str) -> tuple[Decimal | None, int | None]:
    """Return dollars and tokens of `5.00`, `200000 tokens` or both in a comma list; None is no limit."""
    dollars, tokens = None, None
    for entry in words(name):
        amount, _, unit = entry.removeprefix("$").partition(" ")
        try:
            value = Decimal(amount)
        except InvalidOperation:
            value = Decimal(0)
        if not value.is_finite() or value <= 0 or unit not in {"", "tokens"}:
            raise ImproperlyConfigured(f"{name} must be like “5.00” or “200000 tokens”, not “{entry}”.")
        if unit:
            tokens = int(value)
        else:
            dollars = value
    return dollars, tokens


def limits(name: str) -> dict[str, int]:
    """Return `provider=4, *=8` of a comma list: whole numbers of at least one, by name."""
    found = {}
    for entry in words(name):
        who, _, count = entry.rpartition("=")
        if not who.strip() or not count.strip().isdecimal() or int(count) < 1:
            raise ImproperlyConfigured(f"{name} must be like “ollama=1, *=8”: “{entry}” is no limit.")
        found[who.strip()] = int(count)
    return found


def secret_key(data_dir: Path) -> str:
    """Return SECRET_KEY, or the key kept in the data directory, made on first start, readable by its owner only."""
    given = text("SECRET_KEY")
    if given:
        return given
    path = private_file(data_dir / "secret_key", secrets.token_urlsafe(50))
    return path.read_text(encoding="utf-8").strip()


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """Return one of `choices`. Raises ImproperlyConfigured, which names them, for another."""
    given = text(name, default).lower()
    if given not in choices:
        raise ImproperlyConfigured(f"{name} must be {' or '.join(choices)}, not “{given}”.")
    return given


def installation_id(secret: str, database_name: object) -> str:
    """Return eight letters that all machines of one installation share, and other installations do not.

    They name its queue and its cookies: machines of one installation share SECRET_KEY and the database.
    """
    return hashlib.sha256(f"installation:{secret}:{database_name}".encode()).hexdigest()[:8]


def database(data_dir: Path) -> dict[str, object]:
    """Return Django's settings of DATABASE_URL: `postgres://user:password@host:port/name` or `sqlite:///path`."""
    url = text("DATABASE_URL")
    parts = urlsplit(url)
    if parts.scheme in {"postgres", "postgresql"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(parts.port or ""),
            "OPTIONS": {**PATIENCE, **dict(parse_qsl(parts.query))},
        }
    if url and parts.scheme != "sqlite":
        raise ImproperlyConfigured("DATABASE_URL must begin with postgres:// or sqlite:///.")
    path = unquote(parts.path.removeprefix("/")) if url else str(data_dir / "chapterflow.sqlite3")
    if Path(path).parent.is_dir():
        # SQLite gives the files beside it the same rights.
        private_file(Path(path))
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {
            "timeout": 60,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA temp_store=MEMORY;"
                "PRAGMA cache_size=-16000;PRAGMA mmap_size=134217728;"
            ),
        },
    }
