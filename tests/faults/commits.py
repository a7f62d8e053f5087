"""Finds in the code what commits, and what writes: each has a name among the crash points, or a reason for none."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.rooms import TREES
from tests.test_architecture import is_in

# What makes a commit, and where its name stands among the arguments.
NAMING: Mapping[str, int] = {"session_transaction": 1, "_look_after": 1, "around": 0, "named_commit": 0}
NAMED = (
    "books.actions",
    "workflow.engine",
    "workflow.actions",
    "workflow.context.continuity",
    "workflow.harmonization",
    "workflow.queue",
    "workflow.workers.recovery",
    "workflow.engine.setup",
    "workflow.transitions",
    "workflow.workers.clock_repair",
)
WRITING = {
    *(
        "save",
        "delete",
        "create",
        "bulk_create",
        "bulk_update",
        "update",
        "get_or_create",
        "update_or_create",
    ),
    *("enqueue", "acknowledge", "purge_queue", "async_task"),
    # All of these but what reads.
    *(
        each.name
        for module in ("chapterflow_site.core.rows", "workflow.queries")
        for each in TREES[module].body
        if isinstance(each, ast.FunctionDef)
        and not each.name.startswith(("_", "read_", "count_", "lock_", "column_"))
    ),
}
# What is written there is no row.
ELSEWHERE = {
    "subprocess",
    "advice.answers",
    "self._changed",
    "vars(item)",
    "places",
    "chapters",
    "chapter.context",
}

# Transactions without a name of their own.
NAMELESS: Mapping[str, str] = {
    "workflow.transitions.session_transaction": "makes the commits that are named where it is called",
    "workflow.engine.setup.make_session": (
        "the transaction in it names it: start_session; a session that is there writes nothing"
    ),
    "workflow.queue.database_broker.probe": "writes nothing",
}
# Functions that write and neither name a commit nor take the transaction that does.
PARTS: Mapping[str, str] = {
    "books.actions.book._show_titles": "of edit_book",
    "books.actions.book.hand_over_book": "one UPDATE: without it the book was never handed over",
    "books.actions.book.hand_over_books": "one UPDATE: without it no book was handed over",
    "books.actions.chunks._make_newest": "of add_chunks and add_storyline",
    "books.actions.chunks.store_chunks": "of add_chunks and add_storyline",
    "books.actions.outline._set_dependencies": "of edit_outline",
    "books.actions.outline._shift": "of move_chapter",
    "books.actions.outline._store_order": "of edit_outline",
    "books.actions.storyline._new_version": "of add_storyline",
    "books.actions.storyline._store_links": "of add_storyline",
    "books.actions.storyline._store_node_chunks": "of add_storyline",
    "books.actions.storyline._store_nodes": "of add_storyline",
    "workflow.context.continuity._store_facts": "of store_chapter and decide_change",
    "workflow.context.continuity.keep_memory": "of store_chapter",
    "workflow.context.continuity.renew_facts": "of decide_change and store_harmonized",
    "workflow.engine.outcomes.add_revision": "of store_chapter, store_harmonized and decide_change",
    "workflow.engine.slots.slots.locked": "of the transaction whose session looks for a slot",
    "workflow.queue.health_probe.forget": "a probe that is lost is sent again",
    "workflow.queue.health_probe.send": "a probe that is lost is sent again",
    "workflow.queue.database_broker.enqueue": "of the transaction that wakes",
    "workflow.queue.database_broker.sweep_probes": "what is left is swept the next time",
    "workflow.queue.redis_broker.enqueue": "sent by the crash point enqueue, after the transaction that wakes",
    "workflow.engine.setup.fix_outline": "of start_session",
    "workflow.engine.setup.make_items": "of start_session",
    "workflow.engine.setup.make_session": "of start_session",
    "workflow.transitions.close": "of the session_transaction",
    **dict.fromkeys(
        (
            f"workflow.workers.clock_repair._keep_{what}"
            for what in ("leases", "of_chapters", "of_phases", "of_providers")
        ),
        "of keep_lengths",
    ),
    "workflow.transitions.move_item": "of the session_transaction",
    "workflow.transitions.touch_item": "of the session_transaction",
}


@dataclass(frozen=True)
class Call:
    """A call in one of the modules looked at, with the functions and `with` statements that it stands in."""

    module: str
    node: ast.Call
    around: tuple[ast.AST, ...]

    @property
    def called(self) -> str:
        """The last name of what is called."""
        return _called(self.node)

    @property
    def function(self) -> str:
        """The innermost function with its module."""
        names = [each.name for each in self.around if isinstance(each, ast.FunctionDef)]
        return ".".join([self.module, *names[-1:]])

    @property
    def place(self) -> str:
        """Where it is, for a person."""
        return f"{self.function}, line {self.node.lineno}: {ast.unparse(self.node)[:60]}"

    @property
    def name(self) -> str:
        """The name that it gives to a commit; "" for none."""
        at = NAMING[self.called]
        argument = self.node.args[at] if len(self.node.args) > at else None
        return str(argument.value) if isinstance(argument, ast.Constant) else ""

    @property
    def is_in_commit(self) -> bool:
        """Whether it stands in what names a commit, or in a function that takes the transaction or is named whole."""
        return any(_names_commit(each) or _takes_transaction(each) for each in self.around)


def calls() -> Iterator[Call]:
    """Yield all calls of the modules whose commits are named."""
    for module, tree in TREES.items():
        if any(is_in(module, package) for package in NAMED):
            yield from _calls_in(module, tree, ())


def calls_that_name() -> list[Call]:
    """Return each call that makes a named commit; not where the name is handed on."""
    found = [call for call in calls() if call.called in NAMING]
    return [call for call in found if not _hands_on(call)]


def nameless() -> set[str]:
    """Return the functions that make a transaction without a name, or are made one."""
    return {
        ".".join([module, function.name])
        for module, tree in TREES.items()
        if is_in(module, "books") or is_in(module, "workflow")
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef) and any(map(_is_atomic, ast.walk(function)))
    }


def writes_outside() -> Iterator[Call]:
    """Yield each call that writes and does not show the commit that it is part of."""
    for call in calls():
        if call.called in WRITING and not call.is_in_commit and not _is_elsewhere(call):
            yield call


def _is_atomic(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute | ast.Name)
        and getattr(node, "attr", getattr(node, "id", "")) == "atomic"
    )


def _calls_in(module: str, node: ast.AST, around: tuple[ast.AST, ...]) -> Iterator[Call]:
    if isinstance(node, ast.Call):
        yield Call(module, node, around)
    if isinstance(node, ast.FunctionDef | ast.With):
        around = (*around, node)
    for child in ast.iter_child_nodes(node):
        yield from _calls_in(module, child, around)


def _hands_on(call: Call) -> bool:
    at = NAMING[call.called]
    return (
        call.called == "session_transaction"
        and len(call.node.args) > at
        and isinstance(call.node.args[at], ast.Name)
    )


def _names_commit(node: ast.AST) -> bool:
    makers: list[ast.expr] = []
    if isinstance(node, ast.With):
        makers = [item.context_expr for item in node.items]
    elif isinstance(node, ast.FunctionDef):
        makers = node.decorator_list
    return any(isinstance(each, ast.Call) and _called(each) in NAMING for each in makers)


def _takes_transaction(node: ast.AST) -> bool:
    if not isinstance(node, ast.FunctionDef):
        return False
    return any(
        each.annotation is not None and ast.unparse(each.annotation) == "SessionTransaction"
        for each in (*node.args.args, *node.args.kwonlyargs)
    )


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _is_elsewhere(call: Call) -> bool:
    return isinstance(call.node.func, ast.Attribute) and ast.unparse(call.node.func.value) in ELSEWHERE
