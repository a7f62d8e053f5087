"""Styles and scripts under names that tell their content, ready compressed, so that browsers keep them for good."""

import fcntl
import hashlib
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from whitenoise.storage import CompressedManifestStaticFilesStorage

_DONE = "collected.txt"


class AssetStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """Names assets by their content where they are collected, else as they are (tests, `runserver`)."""

    def load_manifest(self) -> tuple[dict[str, str], str]:
        """Return the names by content and their hash; none where those of another release were collected."""
        kept: tuple[dict[str, str], str] = super().load_manifest() if _is_collected() else ({}, "")
        return kept

    def stored_name(self, name: str) -> str:
        """Return the name under which an asset is served."""
        return str(super().stored_name(name)) if self.hashed_files else name


def collect_assets() -> None:
    """Collect the assets of this release, unless that is done; several processes may come at once.

    Those of earlier releases stay: a page that is still open asks for them.
    """
    folder = Path(settings.STATIC_ROOT)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if _is_collected():
            return
        call_command("collectstatic", interactive=False, verbosity=0)
        (folder / _DONE).write_text(_digest())


def _is_collected() -> bool:
    done = Path(settings.STATIC_ROOT) / _DONE
    return done.is_file() and done.read_text() == _digest()


def _digest() -> str:
    """Return what changes when an asset does."""
    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            seen.update(f"{storage.path(name)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return seen.hexdigest()
