"""The plan of the house: every room with its floor, and which room imports which. Read by the tests of architecture.

    python -m tests.rooms

prints floors, rooms, arrows between them, and circles: of files, and of what stands side by side in any package; then
how many lines each app, its modules and their functions have.
A room is what stands directly in `books`, `workflow` or `chapterflow_site`. Imports inside functions count; those for
the type checker alone do not.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import quantiles

ROOT = Path(__file__).resolve().parents[1]
APPS = ("books", "workflow", "chapterflow_site")
MODULES = sorted(
    path for name in APPS for path in (ROOT / name).rglob("*.py") if "migrations" not in path.parts
)

# From the ground up. A room imports only from rooms on floors below its own.
FLOORS: Sequence[Mapping[str, str]] = (
    {
        "chapterflow_site": "core private assets template_loader",
        "books": "text models samples access",
        "workflow": "processes",
    },
    {
        "chapterflow_site": "env errors admin templatetags",
        "books": "preferences writers",
        "workflow": "contract notify",
    },
    {"chapterflow_site": "settings address", "books": "storyline sources", "workflow": "queue"},
    {"books": "reading uploads speakers forecasts", "workflow": "harmonization"},
    {"books": "outline export", "workflow": "agents"},
    {"chapterflow_site": "reporter", "books": "actions templatetags", "workflow": "models quality"},
    {"workflow": "queries"},
    {
        "chapterflow_site": "accounts",
        "books": "views admin",
        "workflow": "transitions context",
    },
    {"chapterflow_site": "api_base", "books": "urls", "workflow": "engine"},
    {"chapterflow_site": "checks", "books": "api", "workflow": "workers progress actions"},
    {"books": "apps", "workflow": "tasks pages admin management"},
    {"workflow": "live api apps templatetags"},
    {"chapterflow_site": "api web", "workflow": "views"},
    {"chapterflow_site": "asgi middleware urls", "workflow": "urls"},
    {"chapterflow_site": "web_server"},
)
FLOOR_OF = {
    f"{app}.{name}": number
    for number, floor in enumerate(FLOORS)
    for app, names in floor.items()
    for name in names.split()
}


def module_name(path: Path) -> str:
    """Return the dotted name of a module of this project."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


TREES = {module_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
IS_PACKAGE = {module_name(path) for path in MODULES if path.name == "__init__.py"}


def imports(name: str, tree: ast.AST) -> set[str]:
    """Return the modules that `name` imports anywhere; for the type checker alone does not count."""
    found: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = _base(name, node)
            found |= {_longest_module(f"{base}.{alias.name}", base) for alias in node.names}
    return found


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        yield node
        yield from _statements(node)


def _base(name: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = name.split(".") if name in IS_PACKAGE else name.split(".")[:-1]
    kept = parts[: len(parts) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def _longest_module(full: str, base: str) -> str:
    return full if full in TREES else base


@cache
def own_imports() -> Mapping[str, frozenset[str]]:
    """Return, for each module of this project, the others of it that it imports."""
    return {
        name: frozenset(each for each in imports(name, tree) if each in TREES and each != name)
        for name, tree in TREES.items()
    }


def room_of(module: str) -> str:
    """Return the room that a module is in; the app itself for what stands in its `__init__`."""
    return ".".join(module.split(".")[:2])


def rooms() -> list[str]:
    """Return every room."""
    return sorted({room_of(name) for name in TREES} - set(APPS))


def room_arrows() -> Counter[tuple[str, str]]:
    """Count the imports from one room to another."""
    pairs = ((room_of(name), room_of(each)) for name, found in own_imports().items() for each in found)
    return Counter((one, other) for one, other in pairs if one != other and other not in APPS)


def upward() -> list[str]:
    """Return the imports that lead to the same floor or to a higher one."""
    return [
        f"{one} imports {other}" for one, other in sorted(room_arrows()) if FLOOR_OF[one] <= FLOOR_OF[other]
    ]


def circle_of(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a circle, its first again at its end; nothing where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return [str(each) for each in error.args[1]]
    return []


def circles() -> dict[str, list[str]]:
    """Return a circle of files, and one for each package whose parts import each other in a circle."""
    found = {"files": circle_of(own_imports())}
    packages = [name for name in IS_PACKAGE if name != "chapterflow_site"]
    found |= {package: circle_of(_between_parts(package)) for package in packages}
    return {name: circle for name, circle in found.items() if circle}


def _between_parts(package: str) -> dict[str, set[str]]:
    """Return which parts of a package, a module or a package each, import which."""
    graph: dict[str, set[str]] = defaultdict(set)
    for name, found in own_imports().items():
        for each in found:
            one, other = _part(package, name), _part(package, each)
            if one and other and one != other:
                graph[one].add(other)
    return graph


def _part(package: str, module: str) -> str:
    inside = module.removeprefix(f"{package}.")
    return "" if inside == module else inside.split(".")[0]


def line_counts() -> dict[str, list[int]]:
    """Return the lines of the modules of each app, of all modules, and of all functions from `def` to their end."""
    lines = {module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for tree in TREES.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    of_apps = {app: [count for name, count in lines.items() if name.split(".")[0] == app] for app in APPS}
    return {**of_apps, "modules": list(lines.values()), "functions": functions}


def main() -> None:
    """Print the plan."""
    arrows = room_arrows()
    for number, floor in enumerate(FLOORS):
        print(f"floor {number}")
        for app, names in floor.items():
            for room in (f"{app}.{name}" for name in names.split()):
                modules = sum(room_of(name) == room for name in TREES)
                below = sorted(other for one, other in arrows if one == room)
                print(f"  {room} ({modules}) -> {', '.join(below) or 'nothing of this project'}")
    print(
        f"{len(FLOOR_OF)} rooms on {len(FLOORS)} floors, {len(TREES)} modules, {len(arrows)} arrows between rooms"
    )
    print(f"upward: {upward() or 'none'}")
    print(f"circles: {circles() or 'none'}")
    for name, sizes in line_counts().items():
        middle, most = quantiles(sizes, n=10)[4], quantiles(sizes, n=10)[8]
        print(
            f"{name}: {sum(sizes):,} lines in {len(sizes)}; median {middle:.0f}, p90 {most:.0f}, max {max(sizes)}"
        )


if __name__ == "__main__":
    main()
