"""Makes a peer's environment where it is missing: in the user's cache, from PyPI, never in the project."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path


def cache_folder() -> Path:
    """Return the folder of all environments; BENCHMARK_CACHE names another."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("BENCHMARK_CACHE") or Path(base) / "chapterflow-benchmarks")


def python_with(packages: Sequence[str]) -> Path:
    """Return the interpreter of an environment that has exactly these packages and what they need."""
    key = hashlib.sha256(" ".join([sys.version, *packages]).encode()).hexdigest()[:12]
    folder = cache_folder() / key
    python = folder / "bin" / "python"
    if (folder / "complete").exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    install = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]
    subprocess.run(install, check=True)
    (folder / "complete").touch()
    return python


def versions(python: Path, packages: Sequence[str]) -> str:
    """Return the installed versions of these packages."""
    names = [package.partition("[")[0] for package in packages]
    code = (
        "import sys; from importlib.metadata import version as v; "
        "print(', '.join(f'{name} {v(name)}' for name in sys.argv[1:]))"
    )
    said = subprocess.run([str(python), "-c", code, *names], capture_output=True, text=True, check=True)
    return said.stdout.strip()
