"""The list of invariants in the documentation names tests that are there."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::((?:\w+::)?test_\w+)`")


def test_each_named_test_is_there() -> None:
    named = NAMED.findall((ROOT / "docs/invariants.md").read_text(encoding="utf-8"))

    assert len(named) > 30
    assert [f"{file}::{name}" for file, name in named if name not in _functions(ROOT / file)] == []


def _functions(path: Path) -> set[str]:
    return set(_names(ast.parse(path.read_text(encoding="utf-8")).body))


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.ClassDef):
            yield from (f"{node.name}::{name}" for name in _names(node.body))
