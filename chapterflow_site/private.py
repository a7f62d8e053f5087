"""The data directory and what lies in it: for the installation's own account, refused in words where it is unusable."""

import os
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

FOLDER, FILE = 0o700, 0o600
OTHERS = 0o007


def private_folder(folder: Path) -> Path:
    """Return the folder, made where it is missing. Raises ImproperlyConfigured where it cannot be."""
    try:
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error) from None
    return folder


def private_file(path: Path, text: str = "") -> Path:
    """Return the file, made with `text` where it is missing; other accounts of the machine are shut out of it.

    Raises ImproperlyConfigured where it can neither be made nor read.
    """
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE), "w") as file:
            file.write(text)
    except FileExistsError:
        _shut_out_others(path)
    except OSError as error:
        raise _unusable(path.parent, error) from None
    return path


def check_writable(folder: Path) -> None:
    """Raise ImproperlyConfigured where nothing can be stored in the folder."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return
    except OSError as error:
        raise _unusable(folder, error) from None


def _shut_out_others(path: Path) -> None:
    """An earlier release left its database readable by all. Whoever does not own the file is warned by a check."""
    mode = path.stat().st_mode
    if path.is_file() and mode & OTHERS and path.stat().st_uid == os.geteuid():
        path.chmod(mode & ~OTHERS & 0o777)


def _unusable(folder: Path, error: OSError) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"Nothing can be stored in the data directory {folder} ({error.strerror}). Make it writable for this "
        "account, or name another one in CHAPTERFLOW_DATA_DIR."
    )
