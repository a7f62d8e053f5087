"""Rules about the code itself: who may write a status, who may import what, what a template may contain."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.rooms import (
    FLOOR_OF,
    FLOORS,
    IS_PACKAGE,
    MODULES,
    ROOT,
    TREES,
    circle_of,
    circles,
    imports,
    module_name,
    rooms,
    upward,
)

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))

ONE_WRITER = "workflow.transitions"
# Changes and questions have a status of their own, which has no table of moves; attempts have none.
OTHERS = {"HarmonizationChange", "FollowUpQuestion", "Attempt"}
WRITING_CALLS = {
    "update",
    "update_or_create",
    "setattr",
    "bulk_update",
    "save",
    "change",
    "touch_item",
    "change_row",
}
ONE_IMPORTER = "workflow.queue"
LONGEST_MODULE = 400
MOST_PARTS = 17
# Packages with more parts beside each other, and why.
CROWDED: Mapping[str, str] = {
    "books": "an app: what Django looks for there, and its rooms",
    "workflow": "an app: what Django looks for there, and its rooms",
    "chapterflow_site": "the project: what Django, servers and commands look for there",
}

DOORS = ("views", "api", "admin", "management", "urls")
SAFE_FILTER = re.compile(r"\|\s*safe(?:seq)?\b")
AUTOESCAPE_OFF = re.compile(r"{%\s*autoescape\s+off")
# Templates that may show HTML as it is, and why.
MAY_SHOW_HTML: Mapping[str, str] = {
    "_field.html": "a form's help text is the program's own, nobody typed it in"
}
INLINE = re.compile(
    r"<style\b|\sstyle\s*=|<script(?![^>]*\bsrc=)[^>]*>\s*[^<\s]|\son[a-z]+\s*=\s*[\"']|javascript:|\shx-on[:=]",
    re.IGNORECASE,
)


# ------------------------------------------------------------------ one writer of status


def status_writes(tree: ast.AST) -> Iterator[str]:
    """Yield where a status is assigned or given to something that writes: `update`, `setattr`, `bulk_update` …"""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for each in ast.walk(target):
                    if (
                        isinstance(each, ast.Attribute)
                        and each.attr == "status"
                        and isinstance(each.ctx, ast.Store)
                    ):
                        yield f"line {node.lineno}: {ast.unparse(target)} = …"
        elif isinstance(node, ast.Call) and _is_status_call(node, tree):
            yield f"line {node.lineno}: {ast.unparse(node)[:80]}"


def _is_status_call(call: ast.Call, tree: ast.AST) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if called.removeprefix("a") not in WRITING_CALLS and called not in WRITING_CALLS:
        return False
    if _root(call.func, tree) in OTHERS:
        return False
    is_named = any(keyword.arg == "status" for keyword in call.keywords)
    return is_named or any(_names_status(each) for each in _values(call)) or _is_update_by_name(call, called)


def _is_update_by_name(call: ast.Call, called: str) -> bool:
    """Whether the columns of an update stand somewhere else, where they cannot be seen."""
    return called in {"update", "aupdate"} and any(
        each.arg is None and not isinstance(each.value, ast.Dict) for each in call.keywords
    )


def _root(node: ast.AST, tree: ast.AST) -> str:
    """Return the name that a chain of calls and attributes begins with, followed once through a variable."""
    name = _first_name(node)
    for each in ast.walk(tree):
        if isinstance(each, ast.Assign) and [ast.unparse(target) for target in each.targets] == [name]:
            return _first_name(each.value)
    return name


def _first_name(node: ast.AST) -> str:
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""


def _values(call: ast.Call) -> Iterator[ast.expr]:
    yield from call.args
    written = {None, "defaults", "create_defaults", "update_fields", "fields", "changes"}
    yield from (each.value for each in call.keywords if each.arg in written)


def _names_status(value: ast.expr) -> bool:
    return any(isinstance(each, ast.Constant) and each.value == "status" for each in ast.walk(value))


def test_one_module_writes_statuses() -> None:
    writers = {name: list(status_writes(tree)) for name, tree in TREES.items()}

    assert writers.pop(ONE_WRITER)
    assert {name: places for name, places in writers.items() if places} == {}


@pytest.mark.parametrize(
    "code",
    [
        "item.status = 'failed'",
        "item.status, other = 'failed', 1",
        "session.items.update(status='failed')",
        "rows.update(**{'status': 'failed'})",
        "setattr(item, 'status', 'failed')",
        "ChapterWorkflowItem.objects.bulk_update(items, ['status'])",
        "item.save(update_fields=['status'])",
        "await items.aupdate(status='failed')",
        "rows.update(**columns)",
        "book.touch_item(item, status='failed')",
        "book.change(status='failed')",
        "change_row(ChapterWorkflowItem, {'pk': 1}, {'status': 'failed'})",
        "ChapterWorkflowItem.objects.update_or_create(pk=1, defaults={'status': 'failed'})",
    ],
)
def test_every_way_of_writing_a_status_is_seen(code: str) -> None:
    assert list(status_writes(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "if item.status == 'failed': pass",
        "items.filter(status='failed')",
        "Item(status='pending')",
        "FollowUpQuestion.objects.filter(pk=1).update(status='open')",
        "rows = HarmonizationChange.objects.all()\nrows.update(**columns)",
        "x = item.status",
    ],
)
def test_reading_and_making_are_allowed(code: str) -> None:
    assert not list(status_writes(ast.parse(code)))


# ------------------------------------------------------------------ imports


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_one_package_imports_the_queue() -> None:
    importers = {
        name for name, tree in TREES.items() if any(is_in(each, "django_q") for each in imports(name, tree))
    }

    assert importers
    assert {name for name in importers if not is_in(name, ONE_IMPORTER)} == set()


def test_the_content_knows_nothing_of_the_process() -> None:
    knowing = {
        name: sorted(each for each in imports(name, tree) if is_in(each, "workflow"))
        for name, tree in TREES.items()
        if is_in(name, "books")
    }

    assert {name: modules for name, modules in knowing.items() if modules} == {}


def test_every_room_has_a_floor() -> None:
    assert rooms() == sorted(FLOOR_OF)


def test_the_table_of_floors_in_the_documentation_is_the_plan() -> None:
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    apps = ("books", "workflow", "chapterflow_site")
    told = {
        int(number): dict(
            zip(apps, (set(re.findall(r"`(\w+)`", cell)) for cell in cells.split("|")), strict=True)
        )
        for number, cells in re.findall(r"^\| (\d+) \|(.*)\|$", text, re.MULTILINE)
    }

    assert told == {
        number: {app: set(floor.get(app, "").split()) for app in apps} for number, floor in enumerate(FLOORS)
    }


def test_imports_point_down_only() -> None:
    assert upward() == []


def test_nothing_below_imports_a_door() -> None:
    wrong = [
        f"{name} imports {each}"
        for name, tree in TREES.items()
        if is_in(name, "books") or is_in(name, "workflow")
        if _door(name) is None
        for each in imports(name, tree)
        if _door(each) is not None
    ]

    assert wrong == []


def test_doors_do_not_import_each_other() -> None:
    wrong = [
        f"{name} imports {each}"
        for name, tree in TREES.items()
        if _door(name) not in {None, "urls"}
        for each in imports(name, tree)
        if _door(each) not in {None, _door(name)} and not is_in(each, "chapterflow_site")
    ]

    assert wrong == []


def _door(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 and parts[0] in {"books", "workflow"} and parts[1] in DOORS else None


def test_nothing_imports_in_a_circle() -> None:
    assert circles() == {}


def test_a_circle_is_seen() -> None:
    assert circle_of({"one": ["other"], "other": ["one"]}) != []


def test_no_package_is_crowded() -> None:
    parts = {
        name: sum(each.rpartition(".")[0] == name for each in TREES)
        for name in IS_PACKAGE
        if name not in CROWDED
    }

    assert {name: count for name, count in parts.items() if count > MOST_PARTS} == {}
    assert (
        sum(
            name.startswith("workflow.") and name.count(".") == 1 and name not in IS_PACKAGE for name in TREES
        )
        <= 6
    )


# ------------------------------------------------------------------ how modules look


def test_every_module_has_a_docstring() -> None:
    assert [name for name, tree in TREES.items() if tree.body and not ast.get_docstring(tree)] == []


def test_no_module_is_long() -> None:
    lengths = {module_name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}

    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_code_names_no_machine() -> None:
    wrong = defaultdict(list)
    for path in (*MODULES, *TEMPLATES):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if re.search(r"[\"'( ]/(?:home|root|work|Users)/", line):
                wrong[str(path.relative_to(ROOT))].append(number)

    assert wrong == {}


# ------------------------------------------------------------------ templates


def inline_code(html: str) -> list[str]:
    return [match.group().strip() for match in INLINE.finditer(html)]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_has_no_inline_code(path: Path) -> None:
    assert inline_code(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "html",
    [
        "<style>", '<p style="x">', "<script>alert()</script>", '<a onclick="x()">', '<a href="javascript:x()">',
        '<b hx-on:click="x()">',
    ],
)  # fmt: skip
def test_every_inline_code_is_seen(html: str) -> None:
    assert inline_code(html)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_template_shows_no_text_as_html(path: Path) -> None:
    html = path.read_text(encoding="utf-8")

    if str(path.relative_to(ROOT / "templates")) not in MAY_SHOW_HTML:
        assert not SAFE_FILTER.search(html)
        assert not AUTOESCAPE_OFF.search(html)


TAG = re.compile(r"</?(?:a|article|b|button|del|div|ins|li|mark|ol|p|section|span|svg|ul)\b|class=\"")
# Where code writes tags, and why it may.
MAY_WRITE_TAGS: Mapping[str, str] = {
    "books.export.epub.pages": "the pages of an EPUB are XHTML for other programs, thousands in a file",
    "books.export.epub.xml": "the same",
    "books.export.markdownfile": "what is marked in a file of Markdown",
    "books.reading.rendering": "made of a chapter's Markdown, then sanitized",
}


# Where text becomes HTML, and why it may: nothing else marks anything as safe.
MAY_MARK_SAFE: Mapping[str, str] = {
    "books.reading.rendering": "what the sanitizer has left",
    "chapterflow_site.reporter": "Django's own error page, with keys taken out",
}


def test_html_is_made_from_text_in_known_places_only() -> None:
    marking = {name for name, tree in TREES.items() if any(_marks_safe(node) for node in ast.walk(tree))}

    assert sorted(marking - set(MAY_MARK_SAFE)) == []
    assert sorted(set(MAY_MARK_SAFE) - marking) == []


def test_html_is_made_in_templates() -> None:
    """Tags and the administration aside, for which Django has no templates."""
    makers = {
        name
        for name, tree in TREES.items()
        if any(isinstance(node, ast.Name) and node.id.startswith("format_html") for node in ast.walk(tree))
    }

    assert makers
    assert {name for name in makers if "templatetags" not in name and ".admin" not in name} == set()


def test_no_code_writes_tags() -> None:
    """Neither to put together nor to patch: what varies is a variable of the template."""
    writing = {
        name: sorted(found)
        for name, tree in TREES.items()
        if "templatetags" not in name and ".admin" not in name and (found := set(_tags_written(tree)))
    }

    assert {name: found for name, found in writing.items() if name not in MAY_WRITE_TAGS} == {}
    assert set(MAY_WRITE_TAGS) <= set(writing)


@pytest.mark.parametrize(
    "code",
    ["html.replace('class=\"row\"', new)", "f'<li id=\"{name}\">'", "'<p>' + text", "f'{text}</span>'"],
)
def test_every_tag_in_code_is_seen(code: str) -> None:
    assert list(_tags_written(ast.parse(code)))


def _tags_written(tree: ast.AST) -> Iterator[str]:
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield from TAG.findall(node.value)


def _marks_safe(node: ast.AST) -> bool:
    """Whether `mark_safe` or `SafeString` is called with anything but a constant."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name | ast.Attribute):
        return False
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
    return name in {"mark_safe", "SafeString", "SafeText"} and not all(
        isinstance(each, ast.Constant | ast.Name) and (isinstance(each, ast.Constant) or each.id.isupper())
        for each in node.args
    )


def test_markers_of_lanes_stand_in_the_files_of_their_tests() -> None:
    """There `.ci/lanes` looks for them: a test that is marked from elsewhere would run in no lane."""
    markers = re.compile(r"mark\.(browser|postgres|redis|faults|processes)")
    marked = [path.name for path in (ROOT / "tests").rglob("*.py") if markers.search(path.read_text())]

    assert marked
    assert [name for name in marked if not name.startswith("test_")] == []
    assert markers.pattern in (ROOT / ".ci/lanes").read_text()
